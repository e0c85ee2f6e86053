from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from neuronkb.ingest.corpus import Document, read_documents
from neuronkb.ingest.corpus.hub import is_dataset_id
from neuronkb.schema import CorpusError


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the hub was asked for; it answers with four rows, and then loses the connection."""
    asked: list[tuple[Any, ...]] = []

    def load_dataset(name: str, configuration: str | None, *, split: str, streaming: bool) -> Iterator[dict[str, Any]]:
        asked.append((name, configuration, split, streaming))
        if name == "no/such":
            raise FileNotFoundError(f"Dataset {name!r} doesn't exist\nand more")
        yield from ({"text": "a"}, {"text": None}, {"words": "b"}, {"text": "c", "id": 9})
        if split == "cut":
            raise ConnectionError("connection lost")

    package = ModuleType("datasets")
    package.__dict__["load_dataset"] = load_dataset
    monkeypatch.setitem(sys.modules, "datasets", package)
    return asked


def test_rows_of_a_split_are_streamed(asked: list[tuple[Any, ...]]) -> None:
    documents = read_documents("owner/name-v1.5:small", split="test")
    assert list(documents) == [Document("owner/name-v1.5:small:1", "a"), Document("9", "c")]
    assert asked == [("owner/name-v1.5", "small", "test", True)]
    assert documents.skipped == [
        "owner/name-v1.5:small:2 its text is null",
        "owner/name-v1.5:small:3 no field 'text'; it has words",
    ]


@pytest.mark.parametrize(
    ("source", "split", "message"),
    [
        ("no/such", "train", "dataset 'no/such', split 'train': Dataset 'no/such' doesn't exist$"),
        ("owner/name", "cut", "dataset 'owner/name', split 'cut': connection lost"),
    ],
)
def test_the_hubs_reason_is_one_line(source: str, split: str, message: str, asked: list[tuple[Any, ...]]) -> None:
    with pytest.raises(CorpusError, match=message):
        list(read_documents(source, split=split))


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(CorpusError, match=r"'owner/name'.*pip install 'neuronkb\[datasets\]'"):
        read_documents("owner/name")


def test_ids() -> None:
    assert all(is_dataset_id(text) for text in ("a/b", "a-1/b.c:d"))
    assert not any(is_dataset_id(text) for text in ("a", "/a/b", "a/b/c", "a b/c", "../a"))
