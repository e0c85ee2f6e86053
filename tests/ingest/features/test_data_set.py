from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.features import Feature, FeatureSet, Header, Record, Span
from neuronkb.ingest.features.data_set import read_header
from neuronkb.ingest.features.header import Count
from neuronkb.schema import FeatureError


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), "utf-8")
    return path


def test_a_file_of_whole_texts_needs_no_header(tmp_path: Path) -> None:
    rows = [{"text": f"text {i}", "group": i // 2, "labels": {"about_cats": i % 2 == 0}} for i in range(6)]
    found = FeatureSet.open(lines(tmp_path / "mine.jsonl", *rows))
    assert found.header.category == "mine"
    assert found.header.features == (Feature("about_cats"),)
    assert found.header.counts == {"about_cats": Count(3, 3, 3)}
    assert found.records[3] == Record("text 3", "1", {"about_cats": False})
    assert len(found.hash) == 64


def test_spans_with_what_they_are_told_against(tmp_path: Path) -> None:
    header = {
        "neuronkb_features": 1,
        "category": "tenses",
        "at": "last",
        "features": [{"name": "past", "against": ["present"]}, "noun"],
    }
    row = {"text": "cat sat sits", "group": "a", "spans": [[0, 3, ["noun"]], [4, 7, ["past"]], [8, 12, ["present"]]]}
    found = FeatureSet.open(lines(tmp_path / "x.jsonl", header, row))
    assert found.header.features == (Feature("past", against=("present",)), Feature("noun"))
    # The noun is no negative of `past`, while both verbs are negatives of `noun`.
    assert found.header.counts == {"past": Count(1, 1, 1), "noun": Count(1, 2, 1)}
    assert found.records[0].spans[1] == Span(4, 7, ("past",))
    assert read_header(tmp_path / "x.jsonl").category == "tenses"


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@st.composite
def spanned(draw: st.DrawFn) -> Record:
    text = draw(texts)
    starts = draw(st.lists(st.integers(0, len(text) - 1), max_size=3))
    ends = [draw(st.integers(start + 1, len(text))) for start in starts]
    labels = [tuple(draw(st.lists(names, min_size=1, max_size=3))) for _ in starts]
    return Record(text, draw(names), spans=tuple(map(Span, starts, ends, labels)))


whole = st.builds(Record, texts, names, st.dictionaries(names, st.booleans(), min_size=1, max_size=3))


@given(st.one_of(st.lists(whole, min_size=1, max_size=4), st.lists(spanned(), min_size=1, max_size=4)))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, records: list[Record]) -> None:
    if not any(record.labels or record.spans for record in records):
        return
    path = tmp_path_factory.mktemp("sets") / "x.jsonl"
    written = FeatureSet.make(Header("x", seed=3, provenance="hand"), records).write(path)
    assert FeatureSet.open(path) == written
    assert not list(path.parent.glob(".*.part"))


GOOD = {"text": "a b", "group": "g", "labels": {"f": True}}
COUNT = {"positives": 1, "negatives": 1, "groups_positive": 1}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", r"x\.jsonl:2: cut off.*; expected a JSON object"),
        ("[1]", r"x\.jsonl:2: not a JSON object"),
        ({"group": "g", "labels": {"f": True}}, r":2: 'text' is missing"),
        ({"text": "", "group": "g"}, r":2: 'text' is missing, empty"),
        ({"text": "\ud800", "group": "g"}, r":2: holds half a character"),
        ({"text": "a", "labels": {"f": True}}, r":2: 'group' is missing"),
        ({"text": "a", "group": "g", "label": {"f": True}}, r":2: unknown key 'label'"),
        ({"text": "a", "group": "g", "labels": {"f": 1}}, r":2: 'labels' is .* expected an object of feature names"),
        ({"text": "a", "group": "g", "labels": {"": True}}, r":2: feature name ''"),
        ({"text": "a", "group": "g", "labels": {"f": True}, "spans": []}, r":2: has both"),
        ({"text": "a", "group": "g", "spans": [[0, 1, ["f"]]]}, r":2: labels of whole texts and of spans"),
        ({"text": "a", "group": "g", "spans": [[0, 2, ["f"]]]}, r":2: span 0 to 2: expected 0 <= start < end <= 1"),
        ({"text": "a", "group": "g", "spans": [[0, 0, ["f"]]]}, r":2: span 0 to 0"),
        ({"text": "a", "group": "g", "spans": [[False, 1, ["f"]]]}, r":2: span False to 1"),
        ({"text": "a", "group": "g", "spans": [[0, 1, "f"]]}, r":2: span .* expected \[start, end, \[names\]\]"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, row: Any, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        FeatureSet.open(lines(tmp_path / "x.jsonl", GOOD, row))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"neuronkb_features": 2}, r"x\.jsonl:1: format 2 is not known"),
        ({"neuronkb_features": 1, "agregation": "mean"}, r":1: unknown key 'agregation' .*did you mean aggregation"),
        ({"neuronkb_features": 1, "aggregation": "sum"}, r":1: aggregation is 'sum', expected one of none, mean, max"),
        ({"neuronkb_features": 1, "length": "64"}, r":1: length is '64', expected int"),
        ({"neuronkb_features": 1, "length": True}, r":1: length is True, expected int"),
        ({"neuronkb_features": 1, "length": 4}, r":1: length is 4, expected 8 to 4096"),
        ({"neuronkb_features": 1, "skip": 127}, r":1: skip is 127"),
        ({"neuronkb_features": 1, "share": 0.9}, r":1: share is 0.9"),
        ({"neuronkb_features": 1, "features": [{"nome": "f"}]}, r":1: a feature is .* expected its name"),
        ({"neuronkb_features": 1, "features": [{"name": "f", "against": "g"}]}, r"against is 'g', expected a list"),
        ({"neuronkb_features": 1, "features": [{"name": "f", "negatives": "all"}]}, r"negatives is 'all'"),
        ({"neuronkb_features": 1, "features": ["g"]}, r"x\.jsonl: feature 'g' of category 'x' labels no text"),
        ({"neuronkb_features": 1, "features": [{"name": "f", "predicate": "is_digit"}]}, r"no predicate 'is_digit'"),
        ({"neuronkb_features": 1, "features": [{"name": "f", "prefix": ""}]}, r"prefix or suffix is empty"),
        ({"neuronkb_features": 1, "counts": {"f": {}}}, r":1: a count without groups_positive, negatives, positives"),
        ({"neuronkb_features": 1, "counts": {"f": 3}}, r":1: 3 is no count"),
        ({"neuronkb_features": 1, "counts": {"f": COUNT | {"positives": -1}}}, r":1: counts of a feature are below 0"),
        ({"neuronkb_features": 1, "seed": -1}, r":1: seed is -1, expected a whole number from 0"),
        ({"neuronkb_features": 1, "seed": 2**70}, r":1: seed is 1180591620717411303424"),
        ({"neuronkb_features": 1, "share": float("nan")}, r":1: share is nan"),
        ({"neuronkb_features": 1, "licence": "\ud800"}, r":1: holds half a character"),
        ({"neuronkb_features": 1, "features": ["f", {"name": "g", "prefix": "a"}]}, r"rules on tokens and labels"),
    ],
)
def test_a_bad_header_is_named(tmp_path: Path, header: Any, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        FeatureSet.open(lines(tmp_path / "x.jsonl", header, GOOD))


def test_half_a_character_is_not_written(tmp_path: Path) -> None:
    for record in (Record("\ud800", "g", {"f": True}), Record("a", "\udfff", {"f": True})):
        with pytest.raises(FeatureError, match=r"x\.jsonl.*cannot be written: .*holds half a character"):
            FeatureSet.make(Header("x"), [record]).write(tmp_path / "x.jsonl")
    assert not (tmp_path / "x.jsonl").exists()


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="cannot be read"):
        FeatureSet.open(tmp_path / "none.jsonl")
    with pytest.raises(FeatureError, match=r"empty\.jsonl: category 'empty' has no texts"):
        FeatureSet.open(lines(tmp_path / "empty.jsonl"))
    with pytest.raises(FeatureError, match="0 features"):
        FeatureSet.open(lines(tmp_path / "bare.jsonl", {"text": "a", "group": "g"}))
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "\xe9"}\n')
    with pytest.raises(FeatureError, match=r"latin\.jsonl:1: not UTF-8"):
        FeatureSet.open(tmp_path / "latin.jsonl")
    with pytest.raises(FeatureError, match="cannot be written"):
        FeatureSet.make(Header("x"), [Record("a", "g", {"f": True})]).write(tmp_path / "latin.jsonl" / "x")
