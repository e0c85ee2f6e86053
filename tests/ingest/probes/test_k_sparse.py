import numpy as np
import pytest
import sklearn.metrics as reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.probes.k_sparse import evaluate_all, k_sparse, k_sparse_all
from neuronkb.ingest.probes.one_sparse import one_sparse
from sklearn.linear_model import LogisticRegression

from tests.ingest.probes.points import make


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 1.0, 10.0]))
def test_equal_to_scikit_learn(seed: int, C: float) -> None:
    """Constant and separating neurons among them, and one neuron twice."""
    case = make(50, 3, seed)
    supports = torch.tensor([[[0, 1, 2], [3, 7, 0], [2, 2, 6]]]).expand(3, 3, 3)
    probes = k_sparse_all(case.X, case.labels, supports, C)
    scores = evaluate_all(case.X, case.labels, probes)
    for feature in range(3):
        X, y = case.feature(feature)
        for number, support in enumerate(supports[0].tolist()):
            fit = LogisticRegression(C=C, class_weight="balanced", solver="newton-cholesky", tol=1e-10)
            fit.fit(X[:, support], y)
            probe = probes.probe(feature, number)
            assert np.allclose([*probe.weight, probe.bias], [*fit.coef_[0], fit.intercept_[0]], rtol=1e-5, atol=1e-6)
            answer = probe.score(torch.from_numpy(X)).numpy() > 0
            assert scores.f1[feature, number].item() == pytest.approx(reference.f1_score(y, answer))
            assert scores.mcc[feature, number].item() == pytest.approx(reference.matthews_corrcoef(y, answer))


def test_a_support_of_one_is_the_one_neuron_probe() -> None:
    case = make(80, 1, 4)
    fits = one_sparse(case.X, case.labels)
    for neuron in range(case.X.shape[1]):
        probe = k_sparse(case.X, case.labels[:, 0], torch.tensor([neuron]))
        assert probe.weight.item() == pytest.approx(fits.weight[0, neuron].item(), rel=1e-4, abs=1e-5)
        assert probe.bias == pytest.approx(fits.bias[0, neuron].item(), rel=1e-4, abs=1e-4)


def test_the_order_of_the_support_is_the_order_of_the_weights() -> None:
    case = make(60, 1, 2)
    there, back = (k_sparse(case.X, case.labels[:, 0], torch.tensor(order)) for order in ([0, 2, 7], [7, 2, 0]))
    assert torch.allclose(there.weight, back.weight.flip(0), atol=1e-9)
    assert there.bias == pytest.approx(back.bias)
