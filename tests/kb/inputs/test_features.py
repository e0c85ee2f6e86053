from __future__ import annotations

import json
from pathlib import Path

import pytest
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.ingest.features import FeatureSet, Labelled
from neuronkb.ingest.features.split import split
from neuronkb.kb.inputs.features import build_features, features, separate
from neuronkb.kb.place import Place
from neuronkb.schema import FeatureError
from neuronkb.tests import planted


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Forty texts of months and forty of weekdays, in the words of the planted model."""
    path = tmp_path / "sets" / "times.jsonl"
    path.parent.mkdir()
    header = {"neuronkb_features": 1, "aggregation": "mean", "share": None, "skip": 0, "length": 16, "seed": 5}
    rows = [{**header, "provenance": "written by hand", "licence": "none"}]
    for number in range(80):
        words = planted.MONTHS if number % 2 else planted.WEEKDAYS
        rows.append({"text": " ".join(words[:5]), "group": number, "labels": {"is_month": bool(number % 2)}})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_balance_before_and_in_tokens(mine: Path, planted_models: tuple[Path, Path]) -> None:
    (row,) = features(mine.parent).rows
    assert (row.feature, row.category, row.positives, row.negatives, row.groups_positive) == (
        "is_month",
        "times",
        40,
        40,
        40,
    )
    assert (row.base_rate, row.testable, row.seed, row.provenance, row.parts) == (0.5, True, 5, "written by hand", None)
    (counted,) = features(mine.parent, ["is_month"], model=planted_models[0]).rows
    assert (counted.unit, counted.positives, counted.negatives, counted.parts) == ("windows", 40, 40, (40, 16, 24))
    found = Labelled.of(FeatureSet.open(mine), Tokenizer.open(planted_models[0]))
    assert sorted(split(found).tolist()) == [0] * 40 + [1] * 16 + [2] * 24


def test_few_groups_are_told_before_any_model(mine: Path) -> None:
    mine.write_text("\n".join(mine.read_text().splitlines()[:21]) + "\n")
    (row,) = features(mine.parent).rows
    assert (row.testable, row.why) == (False, "positives in 10 groups, fewer than 30")


def test_a_category_is_built_from_a_users_texts(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(
        "".join(json.dumps({"text": f"{name} {i}", "label": name}) + "\n" for name in "ab" for i in range(3))
    )
    (a, b) = build_features(tmp_path / "sets", ["data_source"], source=rows, seed=4).rows
    assert (a.feature, b.feature, a.positives, a.seed, a.dataset) == ("a", "b", 3, 4, "rows.jsonl")
    assert Path(a.file) == tmp_path / "sets" / "data_source.jsonl"
    with pytest.raises(FeatureError, match="a source is for one category"):
        build_features(tmp_path / "sets", [], source=rows)
    with pytest.raises(FeatureError, match="no category 'lateks'; did you mean latex"):
        build_features(tmp_path / "sets", ["lateks"])


def test_where_data_sets_lie(tmp_path: Path) -> None:
    assert Place(str(tmp_path)).features == tmp_path / "features"
    assert features(tmp_path / "features").rows == ()


def test_names_with_commas_between_are_several_but_those_of_a_file(tmp_path: Path) -> None:
    assert separate(["is_a, is_b", "is_c", " ,"]) == ["is_a", "is_b", "is_c"]
    file = tmp_path / "a,b.jsonl"
    file.write_text("")
    assert separate([str(file)]) == [str(file)]
    many = [f"is_{number}" for number in range(100)]  # longer than a file's name may be
    assert separate([",".join(many)]) == many


def test_what_is_built_and_listed_may_be_named_so(mine: Path) -> None:
    text = '{"text": "a b", "group": 1, "spans": [[0, 1, ["letter_a"]], [2, 3, ["letter_b"]]]}\n'
    mine.with_name("letters.jsonl").write_text(text)
    assert [row.feature for row in features(mine.parent, ["is_month,letter_b"]).rows] == ["is_month", "letter_b"]
    with pytest.raises(FeatureError, match="no category 'lateks'; did you mean latex"):
        build_features(mine.parent, ["natural_language,lateks"])
