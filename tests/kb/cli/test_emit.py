"""Answers in each format: CSV with cells of every kind, and what a spreadsheet would make of them; files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import click
import pytest
from neuronkb.kb.cli.emit import FORMATS, Sink, csv_text, emit
from neuronkb.queries.result.result import Result
from neuronkb.queries.result.section import Graph

FORMULAS = (
    "=1+1",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\rx",
    "\n=1",
    "  =1",
    "\ufeff=1",
    "＝1",
    '=HYPERLINK("http://x")',
)


def read(text: str) -> list[list[str]]:
    return [*csv.reader(io.StringIO(text, newline=""))]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe_when_asked(text: str) -> None:
    assert read(csv_text(["a"], [[text]])) == [["a"], [text]]
    assert read(csv_text([text], [[text]], spreadsheet=True)) == [[f"'{text}"], [f"'{text}"]]


def test_numbers_and_other_text_stay() -> None:
    row = [-1, -0.5, 3, True, None, "a=b", " dog", "'", ["=1"], {"a": "-"}]
    shown = ["-1", "-0.5", "3", "True", "", "a=b", " dog", "'", '["=1"]', '{"a": "-"}']
    assert read(csv_text(["x"] * 10, [row], spreadsheet=True))[1] == shown
    assert read(csv_text(["x"] * 10, [row]))[1] == shown


def test_text_is_quoted_where_another_separator_would_begin_a_cell() -> None:
    assert csv_text(["x", "y"], [["a;=1", -1.5]], spreadsheet=True) == '"x","y"\r\n"a;=1",-1.5\r\n'


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="--spreadsheet goes with CSV"):
        Sink.of(None, "json", True)
    with pytest.raises(click.UsageError, match=r"has the suffix '\.txt'; expected one of \.json, .*, \.png"):
        Sink.of(tmp_path / "x.txt", "table", False)
    with pytest.raises(click.UsageError, match="this answer has no picture"):
        emit(Result(("x",), [("a",)]), Sink.of(tmp_path / "x.svg", "table", False))
    with pytest.raises(click.ClickException, match="cannot be written"):
        emit(Result(("x",), [("a",)]), Sink.of(tmp_path / "no" / "x.csv", "table", False))


def test_the_suffix_of_a_file_says_the_format(tmp_path: Path) -> None:
    for form in (*FORMATS[1:], "svg", "png"):
        assert Sink.of(tmp_path / f"x.{form.upper()}", "table", False).form == form
    assert Sink.of(None, "md", False).form == "md"


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    rows: list[tuple[Any, ...]] = [("\x1b[31m\u202e\r\n",), ("é\u200b",)]
    emit(Result(("x",), rows), Sink.of(tmp_path / "x.csv", "table", False))
    assert (tmp_path / "x.csv").read_bytes().decode() == csv_text(["x"], rows)
    emit(Result(("x",), rows), Sink.of(tmp_path / "x.json", "table", False))
    assert [row["x"] for row in json.loads((tmp_path / "x.json").read_text())["rows"]] == [row[0] for row in rows]


def test_what_is_not_seen_stands_as_marks_and_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    emit(Result(("x",), [("\x1b[31m",)]), Sink("csv"))
    told = capsys.readouterr().err
    assert told == "characters that are not seen stand as marks, such as <U+001B>; --save FILE keeps them\n"
    emit(Result(("x",), [("plain",)]), Sink("csv"))
    assert capsys.readouterr().err == ""


def test_rows_are_a_json_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    emit(Result(("x", "y"), [(1, [2]), (None, " é")]), Sink("jsonl"))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"x": 1, "y": [2]}, {"x": None, "y": " é"}]


def test_heads_stand_over_no_rows_too(capsys: pytest.CaptureFixture[str]) -> None:
    emit(Result(("x", "y"), []), Sink("csv"))
    assert capsys.readouterr().out == "x,y\r\n"
    emit(Result(("x", "y"), []), Sink())
    assert capsys.readouterr().out.split()[:2] == ["x", "y"]


def test_warnings_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    for form in FORMATS:
        emit(Result(("x",), [], warnings=("nothing here",)), Sink(form))
        assert capsys.readouterr().err == "Warning: nothing here\n"


def test_the_first_picture_is_saved(tmp_path: Path) -> None:
    node = {"id": "a", "parent": None, "token": " May", "match": "token", "kind": "token", "ends": True}
    picture = Graph(({**node, "value": 0.5, "importance": 1.0, "n": 3, "depth": 0},))
    emit(Result(("x",), [], caption="m/L0/N1", picture=picture), Sink.of(tmp_path / "x.svg", "table", False))
    assert (tmp_path / "x.svg").read_text("utf-8").lstrip().startswith("<?xml")
