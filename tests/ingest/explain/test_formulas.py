"""Scores against numbers worked by hand, and against scikit-learn and SciPy where they have the same formula."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from neuronkb.ingest.explain.calibrate import Linear, Percentile
from neuronkb.ingest.explain.formulas import (
    Bools,
    Floats,
    absolute_deviation,
    absolute_deviation_from_median,
    auroc,
    balanced_accuracy,
    correlation,
    f1,
    r2_centred,
    r2_uncentred,
)

T = np.array([0.0, 2.0, 4.0, 2.0])
P = np.array([1.0, 1.0, 3.0, 3.0])
VALUES = arrays.arrays(np.float64, 12, elements=st.integers(-50, 50).map(float))
FLAGS = arrays.arrays(np.bool_, 12)


def test_by_hand() -> None:
    # Means 2 and 2; deviations (-2, 0, 2, 0) and (-1, -1, 1, 1): 4 / sqrt(8 * 4).
    assert correlation(T, P) == pytest.approx(4 / 32**0.5)
    # Squared errors 1 + 1 + 1 + 1 beside 0 + 4 + 16 + 4; absolute ones 4 beside 8.
    assert r2_uncentred(T, P) == pytest.approx(1 - 4 / 24)
    assert absolute_deviation(T, P) == pytest.approx(1 - 4 / 8)
    # About the mean 8, about the median 2: 2 + 0 + 2 + 0.
    assert r2_centred(T, P) == pytest.approx(1 - 4 / 8)
    assert absolute_deviation_from_median(T, P) == pytest.approx(1 - 4 / 4)
    active, said = np.array([True, True, True, False]), np.array([True, False, False, False])
    assert balanced_accuracy(active, said) == pytest.approx((1 / 3 + 1) / 2)
    assert f1(active, said) == pytest.approx(2 / 4)
    # Of the three pairs (active, silent) the first is won, the second tied, the third lost.
    assert auroc(active, np.array([0.9, 0.5, 0.1, 0.5])) == pytest.approx(1.5 / 3)


def test_openai_and_transluce_give_one_name_to_two_numbers() -> None:
    assert r2_uncentred(T, P) != r2_centred(T, P)
    assert absolute_deviation(T, P) != absolute_deviation_from_median(T, P)


@pytest.mark.parametrize("formula", [correlation, r2_centred, absolute_deviation_from_median])
def test_a_constant_truth_has_no_score(formula: Callable[[Floats, Floats], float | None]) -> None:
    assert formula(np.full(5, 0.1), np.arange(5.0)) is None
    assert correlation(np.arange(5.0), np.full(5, 0.3)) is None
    assert r2_uncentred(np.zeros(3), np.ones(3)) is None
    assert absolute_deviation(np.zeros(3), np.ones(3)) is None
    assert auroc(np.ones(3, bool), np.arange(3.0)) is None
    assert balanced_accuracy(np.zeros(3, bool), np.zeros(3, bool)) is None


@given(VALUES, VALUES)
def test_against_scipy_and_scikit_learn(truth: Floats, predicted: Floats) -> None:
    from scipy.stats import pearsonr
    from sklearn.metrics import d2_absolute_error_score, r2_score

    if truth.std() > 0 and predicted.std() > 0:
        assert correlation(truth, predicted) == pytest.approx(pearsonr(truth, predicted).statistic, abs=1e-9)
    if truth.std() > 0:
        assert r2_centred(truth, predicted) == pytest.approx(r2_score(truth, predicted), rel=1e-9, abs=1e-9)
        assert absolute_deviation_from_median(truth, predicted) == pytest.approx(
            d2_absolute_error_score(truth, predicted), rel=1e-9, abs=1e-9
        )


@given(FLAGS, FLAGS, VALUES)
def test_classes_against_scikit_learn(active: Bools, said: Bools, rated: Floats) -> None:
    from sklearn.metrics import balanced_accuracy_score, f1_score, roc_auc_score

    if not active.any() or active.all():
        return
    assert balanced_accuracy(active, said) == pytest.approx(balanced_accuracy_score(active, said))
    assert f1(active, said) == pytest.approx(f1_score(active, said, zero_division=0.0))
    assert auroc(active, rated) == pytest.approx(roc_auc_score(active, rated))


@given(VALUES, VALUES)
def test_least_squares_explain_rho_squared_of_a_centred_truth(truth: Floats, predicted: Floats) -> None:
    """Fitted on the scored values the explained variance is the squared correlation: the paper's own calibration."""
    rho = correlation(truth, predicted)
    if rho is not None:
        line = Linear.fit(truth, predicted)
        assert r2_centred(truth, line(predicted)) == pytest.approx(rho**2, abs=1e-9)
        assert correlation(truth, line(predicted)) in (None, pytest.approx(abs(rho), abs=1e-6))


def test_calibrations_by_hand() -> None:
    line = Linear.fit(np.array([1.0, 3.0, 5.0]), np.array([0.0, 1.0, 2.0]))
    assert line.a == pytest.approx(1.0)
    assert line.b == pytest.approx(2.0)
    assert Linear.fit(np.array([1.0, 3.0]), np.array([2.0, 2.0]))(np.array([9.0])) == pytest.approx(2.0)
    # Sorted predictions 0, 1, 2 stand for sorted truths 0, 10, 100, whichever token each was of.
    ranks = Percentile.fit(np.array([100.0, 0.0, 10.0]), np.array([1.0, 2.0, 0.0]))
    assert ranks(np.array([0.0, 0.5, 2.0, 7.0])).tolist() == pytest.approx([0.0, 5.0, 100.0, 100.0])
    tied = Percentile.fit(np.array([0.0, 4.0, 10.0]), np.array([0.0, 0.0, 1.0]))
    assert tied(np.array([0.0])).tolist() == pytest.approx([2.0])
