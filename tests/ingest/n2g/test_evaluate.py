"""Scores worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from neuronkb.ingest.n2g.evaluate import score


def test_scores_by_hand() -> None:
    truth = np.array([0.9, 0.5, 0.4, 0.0, 0.6])
    said = np.array([0.7, 0.1, 0.5, 0.0, 0.5])
    found = score(truth, said)
    assert (found.support, found.predicted) == (3, 3)
    assert (found.precision, found.recall, found.f1) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert found.correlation == pytest.approx(np.corrcoef(truth, said)[0, 1])
    assert found.r2 == pytest.approx(1 - ((truth - said) ** 2).mean() / truth.var())
    assert score(truth, said, cut=0.1).predicted == 4


def test_what_is_not_defined_is_none_and_not_one() -> None:
    never = score(np.array([0.9, 0.0]), np.zeros(2))
    assert (never.precision, never.recall, never.f1, never.correlation) == (None, 0.0, 0.0, None)
    silent = score(np.zeros(2), np.array([0.9, 0.0]))
    assert (silent.precision, silent.recall, silent.f1, silent.r2) == (0.0, None, None, None)
    empty = score(np.zeros(0), np.zeros(0))
    assert (empty.precision, empty.recall, empty.f1, empty.correlation, empty.r2) == (None,) * 5
