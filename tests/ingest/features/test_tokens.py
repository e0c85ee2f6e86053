from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.ingest.features.tokens import cut, encode
from neuronkb.schema import FeatureError

from .conftest import WORDS


def test_each_token_knows_its_characters(words: Tokenizer) -> None:
    (one,) = encode(words, ["the cat  sat"])
    assert [WORDS[token - 3] for token in one.tokens if token >= 3] == ["the", "cat", "sat"]
    known = one.tokens >= 3
    assert one.starts[known].tolist() == [0, 4, 9]
    assert one.ends[known].tolist() == [3, 7, 12]


@pytest.mark.parametrize("text", ["in August of Brisbane", "a\n\n  b", "é, ü – 日本語 🙂 x", "  ", "August"])
def test_tokens_cover_the_text_in_both_schemes(scheme: Tokenizer, text: str) -> None:
    (one,) = encode(scheme, [text])
    assert scheme.tokenizer.decode(one.tokens) == text
    covered: set[int] = set()
    for start, end in zip(one.starts, one.ends, strict=True):
        covered.update(range(start, end))
    assert covered >= {number for number, character in enumerate(text) if not character.isspace()}
    assert (np.diff(one.starts) >= 0).all()
    assert (np.diff(one.ends) >= 0).all()


def test_windows_of_each_text(words: Tokenizer) -> None:
    texts = [np.arange(3, 3 + n, dtype=np.int32) for n in (7, 0, 4)]
    found = cut(texts, 5, 1, one=False)
    assert found.tokens.tolist() == [[1, 3, 4, 5, 6], [1, 7, 8, 9, 0], [1, 3, 4, 5, 6]]
    assert found.lengths.tolist() == [5, 4, 5]
    assert found.text.tolist() == [0, 0, 2]
    assert found.first.tolist() == [0, 2, 2]
    assert cut(texts, 5, 1, one=True).tokens.tolist() == [[1, 3, 4, 5, 6], [1, 3, 4, 5, 6]]
    assert cut(texts, 5, None, one=False).lengths.tolist() == [5, 2, 4]
    with pytest.raises(FeatureError, match="no text has a token"):
        cut([texts[1]], 5, 1, one=False)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=6), st.booleans(), st.integers(8, 20))
def test_no_token_is_lost(sizes: list[int], bos: bool, length: int) -> None:
    if not any(sizes):
        return
    texts = [np.arange(3, 3 + n, dtype=np.int32) for n in sizes]
    found = cut(texts, length, 1 if bos else None, one=False)
    for number, text in enumerate(texts):
        rows = np.flatnonzero(found.text == number)
        back = np.concatenate([np.zeros(0, np.int32), *(found.tokens[r, bos : found.lengths[r]] for r in rows)])
        assert back.tolist() == text.tolist()
        assert not len(rows) or rows[0] == found.first[number]
