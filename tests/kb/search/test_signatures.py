"""Signatures by hand, and what shuffling keeps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.kb.search.signatures import bags, shuffled_signatures, signatures

ENTRIES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6), st.sampled_from([-1.0, 0.0, 0.5, 2.0])), max_size=30)


def test_a_signature_is_the_weighted_mean_of_its_words() -> None:
    vectors = np.eye(4, dtype=np.float32)
    held = bags(np.array([0, 0, 1]), np.array([0, 1, 2]), np.array([3.0, 4.0, 0.5], np.float32), 3)
    (found,) = signatures(held, vectors)
    assert found == pytest.approx(np.array([[0.6, 0.8, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]))


def test_spellings_of_a_word_count_once() -> None:
    held = bags(np.array([0, 0, 0]), np.array([1, 1, 2]), np.array([1.0, 4.0, 3.0], np.float32), 1)
    assert held.of(0)[0].tolist() == [1, 2]
    assert held.of(0)[1].tolist() == [4.0, 3.0]


@settings(max_examples=60)
@given(ENTRIES, st.randoms())
def test_bags_hold_the_largest_positive_weight_of_each_pair(
    entries: list[tuple[int, int, float]], random: object
) -> None:
    wanted: dict[tuple[int, int], float] = {}
    for row, term, weight in entries:
        if weight > 0:
            wanted[row, term] = max(weight, wanted.get((row, term), 0.0))
    rows, terms, weights = (np.array([e[i] for e in entries]) for i in range(3))
    held = bags(rows.astype(np.int64), terms.astype(np.int64), weights.astype(np.float32), 5)
    found = {(row, int(t)): float(w) for row in range(5) for t, w in zip(*held.of(row), strict=True)}
    assert found == wanted


def test_shuffling_keeps_lengths_weights_and_words() -> None:
    random = np.random.default_rng(0)
    rows = np.repeat(np.arange(20), 5)
    held = bags(rows, random.permutation(100) % 50, random.random(100).astype(np.float32) + 0.1, 20)
    mixed = held.shuffled(np.random.default_rng(1))
    assert np.array_equal(mixed.offsets, held.offsets)
    assert np.array_equal(mixed.weights, held.weights)
    assert sorted(mixed.terms) == sorted(held.terms)
    assert not np.array_equal(mixed.terms, held.terms)


def test_shuffled_signatures_are_many_unit_vectors_and_always_the_same() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(50, 8)).astype(np.float32)
    held = bags(np.repeat(np.arange(20), 5), random.permutation(100) % 50, np.ones(100, np.float32), 20)
    found = shuffled_signatures(held, vectors)
    assert found.shape == (160, 8)
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert np.array_equal(found, shuffled_signatures(held, vectors))
