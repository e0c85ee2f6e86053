from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.queries.statistics.ranks import correlate, preferences

stats: Any = import_module("scipy.stats")  # it carries no types
NUMBERS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=20)


@given(NUMBERS)
def test_rank_correlations_are_scipys(pairs: list[tuple[int, int]]) -> None:
    first, second = ([float(v) for v in some] for some in zip(*pairs, strict=True))
    found = correlate(first, second)
    assert found.n == len(pairs)
    if len(set(first)) < 2 or len(set(second)) < 2:
        assert (found.spearman, found.kendall) == (None, None)
    else:
        assert found.spearman == pytest.approx(stats.spearmanr(first, second).statistic, abs=1e-9)
        assert found.kendall == pytest.approx(stats.kendalltau(first, second).statistic, abs=1e-9)


def test_by_hand() -> None:
    found = correlate([1, 2, 3, 4], [1, 3, 2, 4])
    assert found.spearman == pytest.approx(0.8)
    assert found.kendall == pytest.approx(4 / 6)
    assert correlate([1, 2], [1, 2]).spearman is None
    assert correlate([], []).n == 0


def test_pairs_by_gap() -> None:
    # Scores .8, .1, .15, .1: gaps .7 .65 .7 | .05 0 | .05; the person gave 5, 1, 1, 2.
    found = {gap.low: gap for gap in preferences([([0.8, 0.1, 0.15, 0.1], [5, 1, 1, 2]), ([0.5], [3])])}
    assert (found[0.5].pairs, found[0.5].agreed, found[0.5].undecided) == (3, 3, 0)
    assert (found[0.0].pairs, found[0.0].agreed, found[0.0].undecided) == (1, 0, 1)
    assert sum(gap.pairs + gap.undecided for gap in found.values()) == 5


def test_a_gap_on_a_bound_counts_above_it() -> None:
    found = {gap.low: gap.pairs for gap in preferences([([0.5, 0.0], [2, 1])])}
    assert found[0.5] == 1
