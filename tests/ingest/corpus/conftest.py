"""A tokenizer whose words are numbers, so that every window can be written down."""

from __future__ import annotations

import pytest
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.tests import planted
from neuronkb.tests.ingest.subject.tokenizers import byte_level

WORDS = tuple(f"▁{i}" for i in range(1000))
FIRST_WORD = len(planted.SPECIAL)
"""The token of the word `0`."""


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """One token a number below 1000; BOS is token 1; a context of 128 tokens."""
    folder = tmp_path_factory.mktemp("words")
    planted.write_tokenizer(folder, (*planted.SPECIAL, *WORDS))
    (folder / "config.json").write_text('{"text_config": {"vocab_size": 1003, "max_position_embeddings": 128}}')
    return Tokenizer.open(folder)


@pytest.fixture(scope="session")
def bytewise(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """GPT-2's scheme, without BOS and without a config."""
    folder = tmp_path_factory.mktemp("bytes")
    byte_level(folder)
    return Tokenizer.open(folder)
