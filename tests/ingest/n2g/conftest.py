"""The planted model, its texts as windows, and what its neurons do on them."""

from __future__ import annotations

from pathlib import Path

import pytest
from neuronkb.ingest.corpus import Corpus, Tokenizer, read_documents
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.tests.ingest.n2g import planted


@pytest.fixture(scope="session")
def planted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.model(tmp_path_factory.mktemp("n2g") / "planted")


@pytest.fixture(scope="session")
def live(planted_folder: Path) -> LiveModel:
    return LiveModel.open(planted_folder, dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def planted_texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.texts(tmp_path_factory.mktemp("n2g-texts") / "texts.jsonl")


@pytest.fixture(scope="session")
def corpus(planted_folder: Path, planted_texts: Path, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    tokenizer = Tokenizer.open(planted_folder)
    folder = tmp_path_factory.mktemp("n2g-corpus") / "corpus"
    settings = {"length": planted.LENGTH, "similarity": None}
    return Corpus.build(read_documents(planted_texts), tokenizer, folder, settings)
