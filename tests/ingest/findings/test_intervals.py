"""95 % intervals hold the truth as often as they say, and by hand where that is possible."""

from __future__ import annotations

import numpy as np
import pytest
from neuronkb.ingest.findings.intervals import (
    correlation_interval,
    f1_interval,
    f1_of,
    score_interval,
    share_interval,
    windows_interval,
)


def test_fisher_and_wilson_by_hand() -> None:
    # atanh(0.5) = 0.5493, 1.96 / sqrt(100) = 0.196.
    assert correlation_interval(0.5, 103) == pytest.approx((0.3390, 0.6322), abs=1e-3)
    assert correlation_interval(1.0, 50)[1] == pytest.approx(1)
    assert correlation_interval(0.9, 3) == (-1, 1)
    # (0.5 + 0.01921) / 1.03842 -+ 0.10185 / 1.03842
    assert share_interval(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=1e-3)
    assert share_interval(0.0, 0) == (0, 1)
    assert share_interval(1.0, 10)[1] == pytest.approx(1)


def test_only_a_correlation_has_fishers_interval_and_only_a_share_wilsons() -> None:
    assert score_interval("correlation", "ev-correlation", 0.5, 103) == correlation_interval(0.5, 103)
    assert score_interval("correlation", None, 0.5, 103) == correlation_interval(0.5, 103)
    assert score_interval("detection", "balanced-accuracy", 0.5, 100) == share_interval(0.5, 100)
    assert score_interval("embedding", None, 0.5, 100) == share_interval(0.5, 100)
    for scorer, formula, value in (
        ("correlation", "r2-uncentred", 0.5),
        ("correlation", "r2-centred", 0.5),
        ("ablation", "js-ablation", 0.5),
        ("human", "rating", 4.0),
        ("human", None, 1.0),
        ("detection", "f1", 4.0),
        ("correlation", "ev-correlation", -1.5),
    ):
        assert score_interval(scorer, formula, value, 100) is None


def test_f1_by_hand() -> None:
    assert f1_of(np.array([3, 0]), np.array([4, 0]), np.array([5, 0])).tolist() == [6 / 9, 0]


def test_the_f1_interval_holds_the_truth() -> None:
    """A probe of precision 0.8 and recall 0.6 at a base rate of 0.25, 400 examples: 95 of 100 intervals hold its F1."""
    rng = np.random.default_rng(5)
    truth, held = 2 * 0.8 * 0.6 / 1.4, 0
    for i in range(100):
        hits, extra, missed, _ = rng.multinomial(400, [0.15, 0.0375, 0.1, 0.7125])
        low, high = f1_interval(400, hits + missed, hits / (hits + extra), hits / (hits + missed), seed=i)
        held += low <= truth <= high
    assert held >= 88


def test_a_probe_that_picks_nothing() -> None:
    assert f1_interval(100, 20, 0.0, 0.0) == (0, 0)


def test_windows_are_drawn_whole() -> None:
    """Windows that are all right or all wrong leave more room than as many tokens on their own would."""
    hits, each = np.array([10] * 5 + [0] * 5), np.full(10, 10)
    low, high = windows_interval(hits, each, each)
    assert low < 0.35
    assert high > 0.65
    assert windows_interval(each, each, each) == (1, 1)
