"""The correction for many tests, by hand and by its definition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.queries.answers.causal import _by_kind
from neuronkb.queries.statistics.adjusted import benjamini_hochberg


def test_by_hand() -> None:
    # p x 4 / rank: .04, .04, .0533, .5; each no larger than those behind it.
    assert benjamini_hochberg([0.02, 0.01, 0.5, 0.04]) == pytest.approx([0.04, 0.04, 0.5, 0.16 / 3])
    assert _by_kind([0.02, 0.01, 0.5, 0.04], ["a", "b", "a", "b"]) == pytest.approx([0.04, 0.02, 0.5, 0.04])
    assert benjamini_hochberg([]) == []
    assert benjamini_hochberg([1.0, 1.0]) == [1.0, 1.0]


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=30), st.floats(0.01, 0.5))
def test_what_it_rejects_is_the_step_up_rule(p: list[float], level: float) -> None:
    """Reject the k smallest, k the largest with p_(k) <= level k / m."""
    ordered = sorted(p)
    # A hair of room: the two sides multiply in another order.
    k = max((i + 1 for i, value in enumerate(ordered) if value <= level * (i + 1) / len(p) * (1 + 1e-9)), default=0)
    rejected = sorted(value for value, q in zip(p, benjamini_hochberg(p), strict=True) if q <= level * (1 + 1e-9))
    assert rejected == ordered[:k] or (k and rejected == [v for v in ordered if v <= ordered[k - 1]])
