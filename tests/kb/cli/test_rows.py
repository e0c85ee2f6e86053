"""Rows as CSV: cells of every kind, and what a spreadsheet would make of them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click
import pytest
from neuronkb.kb.cli.rows import Sink, csv_text

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
        Sink(spreadsheet=True).check("json")
    with pytest.raises(click.UsageError, match="--out takes csv, json or jsonl"):
        Sink(out=tmp_path / "x").check("table")
    with pytest.raises(click.ClickException, match="cannot be written"):
        Sink(out=tmp_path / "no" / "x.csv").write("a")


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    text = csv_text(["x"], [["\x1b[31m\u202e\r\n"], ["é\u200b"]])
    Sink(out=tmp_path / "x.csv").write(text)
    assert (tmp_path / "x.csv").read_bytes().decode() == text
