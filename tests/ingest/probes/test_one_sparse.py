import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.probes import classes
from neuronkb.ingest.probes.one_sparse import one_sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from tests.ingest.probes.points import KINDS, Points, make, points


@settings(deadline=None, max_examples=25)
@given(points(), st.sampled_from([0.01, 1.0, 100.0]))
def test_equal_to_scikit_learn_on_nasty_points(case: Points, C: float) -> None:
    found = one_sparse(case.X, case.labels, C)
    assert found.converged.all()
    for feature in range(case.labels.shape[1]):
        X, y = case.feature(feature)
        for neuron in range(len(KINDS)):
            weight, bias = reference(X[:, neuron], y, C)
            assert found.weight[feature, neuron].item() == pytest.approx(weight, rel=1e-4, abs=1e-4)
            assert found.bias[feature, neuron].item() == pytest.approx(bias, rel=1e-4, abs=1e-4)


def reference(x: np.ndarray, y: np.ndarray, C: float) -> tuple[float, float]:
    """scikit-learn's optimum, of values it can take: centred, since its penalty leaves the bias alone."""
    fit = LogisticRegression(C=C, class_weight="balanced", solver="newton-cholesky", tol=1e-10, max_iter=10_000)
    centre = x.mean()
    with warnings.catch_warnings():
        # It says so when rounding leaves it nothing to gain, at the optimum.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit.fit((x - centre)[:, None], y)
    weight = float(fit.coef_[0, 0])
    return weight, float(fit.intercept_[0]) - weight * centre


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = make(50, 3, 0)
    whole = one_sparse(case.X, case.labels)
    monkeypatch.setitem(classes.NUMBERS, "cpu", 1)
    parts = one_sparse(case.X, case.labels)
    assert torch.allclose(whole.weight, parts.weight, rtol=1e-5, atol=1e-7)
    assert torch.allclose(whole.bias, parts.bias, rtol=1e-5, atol=1e-7)


def test_a_step_that_goes_too_far_is_taken_back() -> None:
    """Newton's method without a guard runs off to a weight of 3e5 on this: one value far out, the others close."""
    x = np.array([6540.0, -2.2, 1.94, -0.05, 1.31, -3.6])
    y = np.array([1, 0, 1, 0, 0, 0], np.int8)
    found = one_sparse(torch.from_numpy(x[:, None]).float(), torch.from_numpy(y[:, None]), 100.0)
    weight, bias = reference(x, y, 100.0)
    assert found.converged.all()
    assert found.weight.item() == pytest.approx(weight, rel=1e-3)
    assert found.bias.item() == pytest.approx(bias, rel=1e-3)


def test_no_difference_between_the_classes_is_no_weight() -> None:
    X = torch.tensor([[1.0, 5.0], [2.0, 5.0], [2.0, 5.0], [1.0, 5.0]])
    found = one_sparse(X, torch.tensor([[1], [1], [0], [0]], dtype=torch.int8))
    assert found.weight.tolist() == [[0.0, 0.0]]
    assert found.bias.tolist() == [[0.0, 0.0]]
    assert found.threshold.isnan().all()


def test_a_neuron_turned_round_gives_the_same_probe_turned_round() -> None:
    case = make(40, 2, 3)
    plain, turned = one_sparse(case.X, case.labels), one_sparse(-case.X, case.labels)
    assert torch.allclose(plain.weight, -turned.weight, rtol=1e-5, atol=1e-7)
    assert torch.allclose(plain.bias, turned.bias, rtol=1e-5, atol=1e-6)
