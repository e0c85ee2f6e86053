import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.probes.classes import Classes
from neuronkb.ingest.probes.elastic import elastic
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from tests.ingest.probes.points import make


def cost(X: np.ndarray, y: np.ndarray, weight: np.ndarray, bias: float, C: float, ratio: float) -> float:
    """The definition."""
    weights = np.where(y == 1, len(y) / (2 * y.sum()), len(y) / (2 * (1 - y).sum()))
    losses = np.logaddexp(0, -np.where(y == 1, 1, -1) * (X @ weight + bias))
    return float(ratio * abs(weight).sum() + (1 - ratio) * weight @ weight / 2 + C * weights @ losses)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 1.0]), st.sampled_from([0.1, 0.6, 1.0]))
def test_no_dearer_than_scikit_learn(seed: int, C: float, ratio: float) -> None:
    """Constant, silent, tied and separating columns among them; far offset and heavy-tailed ones, which its solver
    cannot take, left out."""
    case = make(50, 3, seed)
    columns = [0, 1, 2, 3, 6, 7]
    found = elastic(case.X[:, columns], Classes.of(case.X, case.labels), C, ratio, tolerance=1e-7)
    assert found.residual.max() <= 1e-6
    for feature in range(3):
        X, y = case.feature(feature)
        X = X[:, columns]
        fit = LogisticRegression(C=C, l1_ratio=ratio, class_weight="balanced", solver="saga", tol=1e-9, max_iter=5000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fit.fit(X, y)
        ours = cost(X, y, found.weight[feature].numpy(), found.bias[feature].item(), C, ratio)
        theirs = cost(X, y, fit.coef_[0], fit.intercept_[0], C, ratio)
        assert ours <= theirs * (1 + 1e-9)


def test_a_start_at_the_optimum_stays_there() -> None:
    case = make(50, 2, 1)
    X, classes = case.X[:, [0, 3, 4]], Classes.of(case.X, case.labels)
    found = elastic(X, classes, 1.0, 0.5, tolerance=1e-8)
    again = elastic(X, classes, 1.0, 0.5, start=(found.weight, found.bias), tolerance=1e-6)
    assert torch.allclose(found.weight, again.weight, atol=1e-7)
    assert found.bias.tolist() == pytest.approx(again.bias.tolist(), abs=1e-5)
