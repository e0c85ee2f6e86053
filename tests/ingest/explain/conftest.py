"""The planted model whose neuron is known, and its windows."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests.ingest.n2g import planted


@pytest.fixture(scope="session")
def planted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.model(tmp_path_factory.mktemp("explain") / "planted")


@pytest.fixture(scope="session")
def live(planted_folder: Path) -> LiveModel:
    return LiveModel.open(planted_folder, dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def corpus(planted_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("explain-corpus")
    texts = planted.texts(folder / "texts.jsonl", 240)
    settings = {"length": planted.LENGTH, "similarity": None}
    return Corpus.build(read_documents(texts), Tokenizer.open(planted_folder), folder / "corpus", settings)
