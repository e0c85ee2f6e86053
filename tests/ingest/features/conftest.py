"""Small real tokenizers: one of words, one of bytes."""

from __future__ import annotations

import pytest
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.tests import planted
from neuronkb.tests.ingest.subject.tokenizers import byte_level, sentencepiece

WORDS = ("the", "cat", "dog", "sat", "ran", "on", "mat", *(f"w{i}" for i in range(60)))


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """One token a word of WORDS, BOS is token 1, a context of 128 tokens; the first word is token 3."""
    folder = tmp_path_factory.mktemp("words")
    planted.write_tokenizer(folder, (*planted.SPECIAL, *(f"▁{word}" for word in WORDS)))
    (folder / "config.json").write_text(f'{{"vocab_size": {3 + len(WORDS)}, "max_position_embeddings": 128}}')
    return Tokenizer.open(folder)


@pytest.fixture(scope="session", params=["bytes", "pieces"])
def scheme(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """GPT-2's scheme, and SentencePiece's; without BOS."""
    folder = tmp_path_factory.mktemp(request.param)
    (byte_level if request.param == "bytes" else sentencepiece)(folder)
    return Tokenizer.open(folder)
