from __future__ import annotations

import importlib.util
import json
from collections import Counter
from pathlib import Path

import pytest
from neuronkb.examples.demo import texts
from neuronkb.examples.demo.texts import sample_texts
from neuronkb.ingest.corpus import read_documents
from neuronkb.schema import CorpusError, FeatureError


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_texts(tmp_path_factory.mktemp("texts") / "cache" / "texts.jsonl")


def test_texts_of_four_kinds_enough_for_a_million_tokens(sample: Path) -> None:
    documents = list(read_documents(sample))
    characters: Counter[str] = Counter()
    for document in documents:
        characters[document.id.partition("/")[0]] += len(document.text)
    assert set(characters) == {"wikipedia", "python", "manual", "django"}
    # Gemma's tokenizer makes a token of 4.06 characters of these texts.
    assert characters.total() / 4.1 > 1_300_000
    assert characters["wikipedia"] > 2_500_000
    assert min(characters.values()) > 300_000
    assert len({document.id for document in documents}) == len(documents)
    assert {document.id.split("/")[-2] for document in documents if document.id.startswith("django")} >= {"de", "ja"}


def test_every_line_is_a_document(sample: Path) -> None:
    documents = read_documents(sample)
    assert sum(1 for _ in documents) == len(sample.read_bytes().splitlines())
    assert documents.n_skipped == 0


def test_the_articles_are_without_markup(sample: Path) -> None:
    articles = [d for d in read_documents(sample) if d.id.startswith("wikipedia/")]
    assert len(articles) > 100
    whole = "\n".join(article.text for article in articles)
    for mark in ("[[", "{{", "''", "\n==", "<ref"):
        assert whole.count(mark) <= len(articles) // 10, mark
    (one,) = [article.text for article in articles if article.id == "wikipedia/Aristotle"]
    assert one.startswith("Aristotle")


def test_the_beginning_is_a_sample_of_all(sample: Path) -> None:
    kinds = {json.loads(line)["id"].partition("/")[0] for line in sample.read_text("utf-8").splitlines()[:60]}
    assert kinds == {"wikipedia", "python", "manual", "django"}


def test_it_is_the_same_again_and_not_made_twice(sample: Path, tmp_path: Path) -> None:
    again = sample_texts(tmp_path / "texts.jsonl")
    assert again.read_bytes() == sample.read_bytes()
    again.write_text("mine")
    assert sample_texts(again).read_text() == "mine"


def test_without_a_package_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FeatureError, match=r"the package 'gensim': pip install 'neuronkb\[probes\]'"):
        sample_texts(tmp_path / "texts.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in ("_wikipedia", "_python", "_manual", "_django"):
        monkeypatch.setattr(texts, source, lambda: iter([("a", "b")]))
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="cannot be written"):
        sample_texts(tmp_path / "file" / "texts.jsonl")
