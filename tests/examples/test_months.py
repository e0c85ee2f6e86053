"""The demo's labelled months and its small corpus, from a few articles written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from neuronkb.examples.demo.months import HEADER, LONGEST, MONTHS, PLAIN, SHORTEST, month_labels, spans
from neuronkb.examples.demo.sample import beginning, small_corpus
from neuronkb.examples.demo.written import write_lines
from neuronkb.ingest.features.data_set import FeatureSet
from neuronkb.schema import CorpusError

FILL = "The town lies on a river that many boats pass on their way to the sea. " * 3


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    dated = ["wikipedia/October", f"In October 1901, the mill burnt. {FILL}\nA line too short for January."]
    plain = ["wikipedia/Plain", "\n".join(f"{n} {FILL}" for n in range(PLAIN + 2))]
    code = ["python/os", f"# written in July 2001 {FILL}"]
    rows = [{"id": name, "text": text} for name, text in (dated, plain, code)]
    return write_lines(tmp_path / "texts.jsonl", rows)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def named(text: str) -> list[tuple[str, str]]:
    found = spans(text)
    assert found is not None
    return [(text[start:end], name) for start, end, (name,) in found]


def test_a_month_and_what_stands_before_it_are_labelled() -> None:
    assert named("On 4 July they met.") == [("4", "before_month"), ("July", "is_month")]
    assert named("(April to June)") == [
        ("(", "before_month"),
        ("April", "is_month"),
        ("o", "before_month"),
        ("June", "is_month"),
    ]
    assert named("August was hot, octobers are not.") == [("August", "is_month")]
    assert named("Junes and Julys") == []


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("On 4 May they met.", ["May"]),
        ("It was signed in March.", ["March"]),
        ("May 8, 1782 was the day, and March 1st.", ["May", "March"]),
        ("It opened in late March or so.", ["March"]),
        ("May it please the court.", None),
        ("They joined the March on Rome.", None),
        ("In July, Theresa May spoke.", None),
    ],
)
def test_a_may_or_march_that_may_be_none_leaves_the_text_out(text: str, months: list[str] | None) -> None:
    found = spans(text)
    assert (None if found is None else [text[a:b] for a, b, names in found if names == ["is_month"]]) == months


def test_the_file_is_a_data_set_of_labelled_paragraphs(texts: Path, tmp_path: Path) -> None:
    path = month_labels(texts, tmp_path / "months.jsonl")
    data = FeatureSet.open(path)
    assert [feature.name for feature in data.header.features] == ["is_month", "before_month"]
    assert data.header.features == HEADER.features
    groups = [record.group for record in data.records]
    assert groups == ["wikipedia/October", *["wikipedia/Plain"] * PLAIN]
    assert all(SHORTEST <= len(record.text) <= LONGEST for record in data.records)
    (before, name) = data.records[0].spans
    assert data.records[0].text[name.start : name.end] == "October" in MONTHS
    assert (before.names, name.names) == (("before_month",), ("is_month",))


def test_the_small_corpus_is_the_beginning_of_each_article(texts: Path, tmp_path: Path) -> None:
    rows = lines(small_corpus(texts, tmp_path / "articles.jsonl", 100))
    assert [row["id"] for row in rows] == ["wikipedia/October", "wikipedia/Plain"]
    assert all(80 < len(row["text"]) <= 100 for row in rows)


def test_a_beginning_ends_with_a_whole_word() -> None:
    assert beginning("one two three", 9) == "one two"
    assert beginning("one two three", 7) == "one two"
    assert beginning("one", 9) == "one"
    assert beginning("onetwothree", 5) == "onetw"


def test_files_that_are_there_are_kept(texts: Path, tmp_path: Path) -> None:
    for make in (small_corpus, month_labels):
        (tmp_path / "mine").write_text("mine")
        assert make(texts, tmp_path / "mine").read_text() == "mine"


def test_a_place_that_cannot_be_written(texts: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be written"):
        month_labels(texts, texts / "months.jsonl")
