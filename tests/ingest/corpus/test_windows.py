from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus import Settings, Tokenizer
from neuronkb.ingest.corpus.windows import PAD, check_length, cut, window_bos
from neuronkb.schema import CorpusError, ModelError


def test_by_hand() -> None:
    texts = [np.arange(10, 17, dtype=np.int32), np.arange(3, dtype=np.int32), np.arange(20, 24, dtype=np.int32)]
    found = cut(texts, first=5, length=4, bos=1)
    assert found.tokens.tolist() == [
        [1, 10, 11, 12],
        [1, 13, 14, 15],
        [1, 16, PAD, PAD],
        [1, 0, 1, 2],
        [1, 20, 21, 22],
        [1, 23, PAD, PAD],
    ]
    assert found.lengths.tolist() == [4, 4, 2, 4, 4, 2]
    assert found.document.tolist() == [5, 5, 5, 6, 7, 7]
    assert found.offset.tolist() == [0, 3, 6, 0, 0, 3]
    assert (found.short, found.lost) == (0, 0)
    found = cut([*texts, np.empty(0, np.int32)], first=5, length=4, bos=None)
    assert found.tokens.tolist() == [[10, 11, 12, 13], [14, 15, 16, PAD], [0, 1, 2, PAD], [20, 21, 22, 23]]
    assert found.lengths.tolist() == [4, 3, 3, 4]
    assert found.document.tolist() == [5, 5, 6, 7]
    assert found.short == 1
    assert len(cut([], 0, 8, 1)) == 0
    found = cut(texts, first=5, length=4, bos=1, tails=False)
    assert found.tokens.tolist() == [[1, 10, 11, 12], [1, 13, 14, 15], [1, 0, 1, 2], [1, 20, 21, 22]]
    assert found.document.tolist() == [5, 5, 6, 7]
    assert found.offset.tolist() == [0, 3, 0, 0]
    assert (found.short, found.lost) == (0, 2)
    found = cut(texts, first=0, length=5, bos=None, tails=False)
    assert (found.lengths.tolist(), found.short, found.lost) == ([5], 2, 9)


@given(st.lists(st.lists(st.integers(0, 9), max_size=30), max_size=6), st.integers(2, 9), st.booleans())
def test_windows_tell_where_they_come_from_and_hold_every_token(
    texts: list[list[int]], length: int, with_bos: bool
) -> None:
    found = cut([np.array(text, np.int32) for text in texts], 0, length, 99 if with_bos else None)
    read: list[list[int]] = [[] for _ in texts]
    for row, n, document, offset in zip(
        found.tokens.tolist(), found.lengths.tolist(), found.document, found.offset, strict=True
    ):
        assert row[:with_bos] == [99] * with_bos
        assert offset == len(read[document])
        read[document] += row[with_bos:n]
        assert row[n:] == [PAD] * (length - n)
        assert n > with_bos
    assert read == texts
    assert found.short == sum(not text for text in texts)
    assert all(array.dtype == np.int32 for array in (found.tokens, found.lengths, found.document, found.offset))


def test_bos_by_default_where_there_is_one(words: Tokenizer, bytewise: Tokenizer) -> None:
    assert window_bos(Settings(), words) == window_bos(Settings(bos="window"), words) == 1
    assert window_bos(Settings(bos="none"), words) is None
    assert window_bos(Settings(), bytewise) is None
    with pytest.raises(CorpusError, match="the tokenizer has no BOS token; choose bos='none'"):
        window_bos(Settings(bos="window"), bytewise)


def test_a_window_must_fit_the_context(words: Tokenizer, bytewise: Tokenizer) -> None:
    check_length(Settings(length=128), words)
    check_length(Settings(length=10**6), bytewise)
    with pytest.raises(ModelError, match="129 tokens is longer than the model's context of 128; choose a length"):
        check_length(Settings(length=129), words)
