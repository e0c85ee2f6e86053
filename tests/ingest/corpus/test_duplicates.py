from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.corpus.duplicates import KeyFiles, find_duplicates
from neuronkb.ingest.corpus.minhash import jaccard
from neuronkb.ingest.corpus.tokenizer import Ints
from neuronkb.ingest.corpus.windows import PAD

OTHER = 60_000
"""A token that no window of `distinct` holds."""


def found(tokens: Ints, folder: Path, similarity: float = 0.8, parts: int = 1) -> list[int]:
    with KeyFiles(folder) as keys:
        for part in np.array_split(tokens, parts):
            keys.add(part)
    dropped: list[int] = np.flatnonzero(find_duplicates(tokens, keys, similarity)).tolist()
    return dropped


def distinct(n: int, length: int = 40, seed: int = 0) -> Ints:
    return np.random.default_rng(seed).integers(0, 50_000, (n, length)).astype(np.int32)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
def test_exact_copies_are_always_found_and_the_first_stays(
    tmp_path_factory: pytest.TempPathFactory, order: list[int]
) -> None:
    # Five windows that are nearly alike crowd into each other's buckets, at a similarity that none of them reaches.
    tokens = distinct(1).repeat(5, axis=0)
    tokens[np.arange(5), np.arange(5) * 8] = OTHER
    assert jaccard(tokens[:-1], tokens[1:]).max() < 0.9
    expected = [i for i, kind in enumerate(order) if kind in order[:i]]
    folder = tmp_path_factory.mktemp("keys")
    assert found(tokens[order], folder, similarity=0.95) == expected


def test_near_copies_are_found_and_those_below_the_mark_stay(tmp_path: Path) -> None:
    tokens = distinct(600, 63)
    near, far = tokens[:200].copy(), tokens[200:400].copy()
    near[:, 30] = OTHER  # 5 of 59 shingles change: 54 / 64
    far[:, [10, 20, 30]] = OTHER  # 15 of 59: 44 / 74
    assert np.allclose(jaccard(near, tokens[:200]), 54 / 64)
    assert np.allclose(jaccard(far, tokens[200:400]), 44 / 74)
    dropped = found(np.concatenate([tokens, near, far]), tmp_path)
    # .844 is missed with a probability of 1e-4 a pair.
    assert set(dropped) <= set(range(600, 800))
    assert len(dropped) >= 198


def test_the_mark_decides(tmp_path: Path) -> None:
    tokens = distinct(200, 63)
    near = tokens.copy()
    near[:, 30] = OTHER
    both = np.concatenate([tokens, near])
    assert len(found(both, tmp_path, 0.84)) >= 198
    assert found(both, tmp_path, 0.85) == []


def test_windows_that_repeat_one_token_are_alike(tmp_path: Path) -> None:
    tokens = distinct(6)
    tokens[[1, 3]] = 7
    tokens[5] = 8
    assert found(tokens, tmp_path) == [3]


def test_how_the_windows_came_does_not_matter(tmp_path: Path) -> None:
    tokens = distinct(100)
    both = np.concatenate([tokens, tokens[::3], tokens[::-1]])
    assert found(both, tmp_path, parts=7) == found(both, tmp_path) == list(range(100, len(both)))


def test_short_texts_are_compared_by_what_they_hold_not_by_their_padding(tmp_path: Path) -> None:
    tokens = np.full((8, 40), PAD, np.int32)
    for row, text in enumerate(([1, 2], [1, 3], [1, 2], [4], [5], [4], range(20), range(1, 20))):
        tokens[row, : len(text)] = text
    assert found(tokens, tmp_path) == [2, 5, 7]
    assert jaccard(tokens[[0, 3, 6]], tokens[[1, 4, 7]]).tolist() == [0, 0, 19 / 20]
