import numpy as np
import torch
from neuronkb.ingest.probes.adaptive import adaptive, k_list
from sklearn.linear_model import LogisticRegression


def planted() -> tuple[torch.Tensor, torch.Tensor]:
    """Neurons 1 to 9 are noisy copies of neuron 0; neuron 20 has little mean difference of its own, but adds most."""
    random = np.random.default_rng(0)
    X = random.normal(size=(2000, 40))
    y = (X[:, 0] + 0.6 * X[:, 20] > 1).astype(np.int8)
    X[:, 1:10] = X[:, :1] + 0.5 * random.normal(size=(2000, 9))
    return torch.from_numpy(X.astype(np.float32) / 10), torch.from_numpy(y)


def test_copies_give_way_to_what_they_lack() -> None:
    X, y = planted()
    found = adaptive(X, y, [1, 2, 4, 32])
    assert sorted(found) == [1, 2, 4, 32]
    assert found[2].tolist() == [0, 20]
    # By mean difference alone the copies come first.
    difference = (X[y == 1].mean(0) - X[y == 0].mean(0)).abs()
    assert difference.topk(2).indices.tolist() != [0, 20]
    for small, large in ((1, 2), (2, 4), (4, 32)):
        assert set(found[small].tolist()) <= set(found[large].tolist())
        assert len(found[large]) == large


def test_each_size_is_ranked_by_the_published_fit() -> None:
    """C = k / 20, L1 share exp(-k / 20) kept within 0.1 and 0.9, balanced classes."""
    X, y = planted()
    found = adaptive(X, y, [12], tolerance=1e-6)[12]
    support = (X[y == 1].mean(0) - X[y == 0].mean(0)).abs().topk(12).indices
    fit = LogisticRegression(
        C=12 / 20, l1_ratio=np.exp(-12 / 20), class_weight="balanced", solver="saga", tol=1e-8, max_iter=10_000
    )
    fit.fit(X[:, support].double().numpy(), y.numpy())
    heavy = np.argsort(-abs(fit.coef_[0]))
    alive = int((abs(fit.coef_[0]) > 1e-3).sum())
    assert found[:alive].tolist() == support[heavy][:alive].tolist()


def test_the_published_sizes() -> None:
    assert k_list(2048, 256) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 32, 64, 128, 256]
    assert k_list(11, 256) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 11]
    assert k_list(64, 8) == list(range(1, 9))
