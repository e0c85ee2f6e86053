from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import ModelError
from neuronkb.tests import planted

from .conftest import FIRST_WORD


def test_numbers_without_bos(words: Tokenizer) -> None:
    one, two = words.encode(["0 999 3", ""])
    assert one.tolist() == [FIRST_WORD, FIRST_WORD + 999, FIRST_WORD + 3]
    assert two.tolist() == []
    assert one.dtype == np.int32
    assert (words.bos, words.context, words.d_vocab) == (1, 128, 1003)


def test_a_text_longer_than_the_context_is_tokenised_whole(words: Tokenizer) -> None:
    assert len(words.encode([" ".join(["7"] * 5000)])[0]) == 5000


def test_a_tokenizer_without_bos_or_config(bytewise: Tokenizer) -> None:
    assert bytewise.bos is None
    assert bytewise.context is None
    (tokens,) = bytewise.encode(["Brisbane é"])
    assert bytewise.tokenizer.decode(tokens) == "Brisbane é"


def test_it_carries_the_hash_that_the_models_tokens_have(planted_models: tuple[Path, Path]) -> None:
    subject = Subject.open(planted_models[0])
    found = Tokenizer.of(subject)
    assert found.hash == subject.vocabulary.hash
    assert (found.context, found.d_vocab) == (64, len(planted.TOKENS))


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="its tokenizer cannot be read"):
        Tokenizer.open(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json: is not JSON"):
        Tokenizer.open(tmp_path)
