import numpy as np
import pytest
import torch
from neuronkb.ingest.probes import l1
from neuronkb.ingest.probes.classes import Classes
from neuronkb.ingest.probes.elastic import elastic
from neuronkb.ingest.probes.l1 import l1_logistic, l1_solution
from sklearn.linear_model import LogisticRegression


def planted(n: int = 400, d: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    """Two features of few neurons each; neuron 5 helps only beside neuron 0, and has no mean difference alone."""
    random = np.random.default_rng(0)
    X = random.normal(size=(n, d))
    X[:, 0] += X[:, 5]
    first = X[:, 0] - X[:, 5] + 0.3 * random.normal(size=n) > 1
    second = X[:, 9] + 0.5 * random.normal(size=n) > 0.5
    return torch.from_numpy(X.astype(np.float32)), torch.from_numpy(np.stack([first, second], 1).astype(np.int8))


def test_equal_to_scikit_learn() -> None:
    X, labels = planted()
    found = l1_solution(X, labels, tolerance=1e-6)
    for feature in range(2):
        fit = LogisticRegression(C=0.1, l1_ratio=1.0, class_weight="balanced", solver="saga", tol=1e-8, max_iter=20_000)
        fit.fit(X.double().numpy(), labels[:, feature].numpy())
        assert np.allclose(found.weight[feature], fit.coef_[0], atol=1e-4)
        assert np.allclose(found.bias[feature], fit.intercept_[0], atol=1e-4)


def test_neurons_that_only_help_others_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun with the four strongest of each feature, it ends where all columns at once end."""
    X, labels = planted()
    whole = elastic(X, Classes.of(X, labels), 0.1, tolerance=1e-7)
    monkeypatch.setattr(l1, "FIRST", 2)
    found = l1_solution(X, labels, tolerance=1e-5)
    assert torch.allclose(found.weight, whole.weight, atol=1e-4)
    scores = l1_logistic(X, labels)
    assert scores[0].topk(2).indices.sort().values.tolist() == [0, 5]
    assert scores[1].argmax() == 9
    assert (scores == 0).float().mean() > 0.3
