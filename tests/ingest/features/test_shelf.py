from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.ingest.features import FeatureSet, Header, Record
from neuronkb.ingest.features.shelf import find, shelf
from neuronkb.schema import FeatureError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for category, names in (("languages", ("is_french", "is_greek")), ("letters", ("is_greek", "is_digit"))):
        records = [Record("a", "g", dict.fromkeys(names, True))]
        FeatureSet.make(Header(category), records).write(tmp_path / "sets" / f"{category}.jsonl")
    return tmp_path / "sets"


def meant(names: list[str], folder: Path) -> dict[str, tuple[str, ...]]:
    return {one.header.category: one.features for one in find(names, folder)}


def test_categories_features_and_files(folder: Path, tmp_path: Path) -> None:
    assert [one.header.category for one in shelf(folder)] == ["languages", "letters"]
    assert meant([], folder) == {"languages": ("is_french", "is_greek"), "letters": ("is_digit", "is_greek")}
    assert meant(["languages", "is_french"], folder) == {"languages": ("is_french", "is_greek")}
    assert meant(["is_digit"], folder) == {"letters": ("is_digit",)}
    # A name that two categories have means both.
    assert meant(["is_greek"], folder) == {"languages": ("is_greek",), "letters": ("is_greek",)}
    mine = tmp_path / "mine.jsonl"
    mine.write_text('{"text": "a", "group": "g", "labels": {"f": true}}\n')
    assert meant([str(mine), "is_digit"], folder) == {"mine": ("f",), "letters": ("is_digit",)}


def test_unknown_names(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FeatureError, match="no category or feature 'is_frensh'; did you mean is_french"):
        find(["is_frensh"], folder)
    with pytest.raises(FeatureError, match="neuronkb features build"):
        find([], tmp_path / "none")
    with pytest.raises(FeatureError, match=r"no feature 'x': .* neuronkb features build"):
        find(["x"], tmp_path / "none")
    with pytest.raises(FeatureError, match="cannot be read"):
        find([str(tmp_path / "none.jsonl")], folder)
