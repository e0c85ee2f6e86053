import itertools

import numpy as np
import pytest
import torch
from neuronkb.ingest.probes.dual import Loss, Points, solve
from neuronkb.ingest.probes.optimal import optimal
from neuronkb.schema import FeatureError


def planted(seed: int, n: int = 150, d: int = 9) -> tuple[torch.Tensor, torch.Tensor]:
    """Correlated neurons, so that the strongest alone are not the strongest together; one point is not used."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, 4)) @ random.normal(size=(4, d)) + random.normal(size=(n, d))
    y = (X[:, :3] @ [1.0, -1.0, 0.5] + random.normal(size=n) > 1).astype(np.int8)
    y[:3] = 0, 1, -1
    return torch.from_numpy((X / 10).astype(np.float32)), torch.from_numpy(y)


def cheapest(X: torch.Tensor, y: torch.Tensor, k: int, gamma: float, loss: Loss) -> float:
    """The definition: every support solved."""
    used = y >= 0
    sign = np.where(y[used] == 1, 1.0, -1.0)
    n = len(sign)
    weights = np.where(sign > 0, n / (2 * (sign > 0).sum()), n / (2 * (sign < 0).sum()))
    points = Points(X[used].T.double().numpy(), sign, weights, gamma, loss)
    supports = itertools.combinations(range(X.shape[1]), k)
    return min(solve(points, np.array(support)).objective for support in supports)


@pytest.mark.parametrize("loss", ["hinge", "logistic"])
@pytest.mark.parametrize(("k", "gamma"), [(1, 0.08), (1, 500.0), (2, 0.08), (2, 50.0), (3, 0.08), (3, 5.0)])
def test_equal_to_full_enumeration(k: int, gamma: float, loss: Loss) -> None:
    for seed in range(3):
        X, y = planted(seed)
        found = optimal(X, y, k, gamma=gamma, loss=loss)
        expected = cheapest(X, y, k, gamma, loss)
        assert found.status == "optimal"
        assert found.gap <= 1e-4
        assert expected * (1 - 1e-6) <= found.objective <= expected * (1 + 1e-4)
        assert found.bound <= expected
        assert len(found.support) == len(found.weight) == k


def test_the_probe_is_the_one_it_claims_to_be() -> None:
    """Cost by the definition, from support, weight and bias alone; gamma is 1 / sqrt(n) over the points used."""
    X, y = planted(5)
    found = optimal(X, y, 2)
    used = y >= 0
    margins = np.where(y[used] == 1, 1.0, -1.0) * found.score(X[used]).numpy()
    share = y[used].double().mean().item()
    weights = np.where(y[used] == 1, 1 / (2 * share), 1 / (2 * (1 - share)))
    ridge = float(found.weight @ found.weight) * int(used.sum()) ** 0.5 / 2
    assert found.objective == pytest.approx(ridge + float(weights @ np.maximum(0, 1 - margins)), rel=1e-9)


def test_nodes_that_run_out_leaves_an_honest_gap() -> None:
    X, y = planted(0, d=9)
    found = optimal(X, y, 3, gamma=500.0, nodes=0)
    expected = cheapest(X, y, 3, 500.0, "hinge")
    assert found.status == "gap"
    assert found.bound <= expected <= found.objective * (1 + 1e-9)
    assert found.gap == pytest.approx(1 - found.bound / found.objective)


def test_only_the_strongest_and_those_of_the_start_are_searched() -> None:
    X, y = planted(1)
    X[:, 8] = 0.0
    alone = optimal(X, y, 1, keep=1)
    difference = (X[y == 1].mean(0) - X[y == 0].mean(0)).abs()
    assert alone.support.tolist() == [int(difference.argmax())]
    both = optimal(X, y, 2, keep=1, start=[8])
    assert both.support.tolist() == [int(difference.argmax()), 8]


def test_a_warm_start_changes_nothing_but_the_way() -> None:
    X, y = planted(2)
    plain, warm = optimal(X, y, 3), optimal(X, y, 3, start=torch.tensor([6, 7, 8, 5]))
    assert warm.objective == pytest.approx(plain.objective, rel=1e-4)


@pytest.mark.parametrize("k", [0, 10])
def test_a_support_that_cannot_be_is_refused(k: int) -> None:
    with pytest.raises(FeatureError, match="expected 1 to 9"):
        optimal(*planted(0), k)
