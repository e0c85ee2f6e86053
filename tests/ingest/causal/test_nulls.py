"""Both nulls, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.causal.nulls import around, drawn_means, matched_tokens, nearest, p_value


def test_stand_ins_are_the_nearest_in_log_probability() -> None:
    before = np.array([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0])
    allowed = np.array([True, True, True, True, True, True, False, True])
    words = np.array([0, 1, 2, 3, 0, 5, 6, -1])
    found = matched_tokens(np.array([0, 5]), before, allowed, words, 3)
    # Not itself, not 4 (spells token 0's word), not 6 (not ranked).
    assert found.tolist() == [[1, 2, 3], [7, 3, 2]]


def test_too_few_stand_ins_are_all_taken() -> None:
    found = matched_tokens(np.array([1]), np.zeros(4), np.ones(4, bool), np.array([0, 1, 1, 3]), 200)
    assert sorted(found[0].tolist()) == [0, 3]


@given(st.integers(0, 10**6), st.integers(2, 60), st.integers(1, 5), st.integers(1, 20))
def test_stand_ins_against_a_full_sort(seed: int, size: int, wanted: int, band: int) -> None:
    random = np.random.default_rng(seed)
    before = random.normal(size=size)
    tokens = random.choice(size, min(wanted, size - 1), replace=False)
    found = matched_tokens(tokens, before, np.ones(size, bool), np.full(size, -1), band)
    for token, mine in zip(tokens, found, strict=True):
        others = [i for i in range(size) if i not in tokens]
        nearest_first = sorted(others, key=lambda i: abs(before[i] - before[token]))
        assert set(mine) == set(nearest_first[: len(mine)])
        assert len(mine) == min(band, len(others))


def test_draws_are_means_of_one_stand_in_a_token() -> None:
    values = np.array([[[1.0, 1.0], [10.0, 30.0]]])
    found = drawn_means(values, 1000, seed=1)
    assert found.shape == (1, 1000)
    assert set(found[0]) == {5.5, 15.5}
    assert found.mean() == pytest.approx(10.5, abs=0.5)
    assert np.array_equal(found, drawn_means(values, 1000, seed=1))


def test_the_pool_is_drawn_around_every_wanted_size() -> None:
    sizes = np.array([0.0, 1.0, 2.0, 4.0, 8.0, 100.0, 110.0])
    assert around([2.0, 105.0], sizes, 4).tolist() == [1, 2, 5, 6]
    assert around([2.0], sizes, 100).tolist() == [1, 2, 3, 4, 5, 6]
    assert around([0.0], sizes, 2).tolist() == [1, 2]


def test_the_nearest_by_ratio_not_by_difference() -> None:
    assert nearest(10.0, np.array([2.0, 25.0, 11.0, 90.0]), 2).tolist() == [1, 2]


def test_p_values_are_never_zero() -> None:
    assert p_value(5.0, np.array([1.0, 2.0, 3.0])) == 1 / 4
    assert p_value(2.0, np.array([1.0, 2.0, 3.0])) == 3 / 4
    assert p_value(0.0, np.array([1.0, 2.0, 3.0])) == 1
