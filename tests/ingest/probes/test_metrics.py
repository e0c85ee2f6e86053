import math

import pytest
import sklearn.metrics as reference
import torch
from hypothesis import given, settings
from neuronkb.ingest.probes.metrics import best, evaluate
from neuronkb.ingest.probes.one_sparse import Fits, one_sparse

from tests.ingest.probes.points import KINDS, Points, points


@settings(deadline=None, max_examples=20)
@given(points())
def test_equal_to_scikit_learn(case: Points) -> None:
    fits = one_sparse(case.X, case.labels)
    found = evaluate(case.X, case.labels, fits)
    for feature in range(case.labels.shape[1]):
        X, y = case.feature(feature)
        for neuron in range(len(KINDS)):
            weight, bias = fits.weight[feature, neuron].item(), fits.bias[feature, neuron].item()
            picked = X[:, neuron] * weight + bias > 0
            expected = {
                "f1": reference.f1_score(y, picked),
                "precision": reference.precision_score(y, picked, zero_division=0.0),
                "recall": reference.recall_score(y, picked),
                "mcc": reference.matthews_corrcoef(y, picked),
                "balanced_accuracy": reference.balanced_accuracy_score(y, picked),
                "auc": reference.roc_auc_score(y, X[:, neuron] * math.copysign(bool(weight), weight)),
            }
            given = {name: getattr(found, name)[feature, neuron].item() for name in expected}
            assert given == pytest.approx(expected, abs=1e-12)


def fits(*pairs: tuple[float, float]) -> Fits:
    weight, bias = torch.tensor(pairs, dtype=torch.float64).T[:, None]
    return Fits(weight, bias, torch.ones_like(weight, dtype=torch.bool))


def test_by_hand() -> None:
    """Above 1.5 are 2, 2 and 3, two of them right of three right ones."""
    X = torch.tensor([[1.0], [2.0], [2.0], [3.0], [0.0], [9.0]])
    y = torch.tensor([[1], [1], [0], [1], [0], [-1]], dtype=torch.int8)
    found = evaluate(X, y, fits((2.0, -3.0)))
    assert (found.hits.item(), found.false_hits.item()) == (2, 1)
    assert found.count.tolist() == [[2, 3]]
    assert found.f1.item() == pytest.approx(2 / 3)
    assert found.mcc.item() == pytest.approx((2 * 1 - 1 * 1) / math.sqrt(3 * 3 * 2 * 2))
    # Of six pairs, 1 > 0, 2 > 0, 3 > 2, 3 > 0 are right and 2 = 2 is half.
    assert found.auc.item() == pytest.approx(4.5 / 6)


def test_the_threshold_falls_between_float32_values() -> None:
    """A bar that rounding to float32 would lift onto the value it lies just below."""
    x = torch.tensor([0.1])
    bar = x.double().item()
    for shift, picked in ((-1e-12, 1.0), (0.0, 0.0), (1e-12, 0.0)):
        X = torch.stack([x, x])
        found = evaluate(X, torch.tensor([[1], [0]], dtype=torch.int8), fits((1.0, -(bar + shift))))
        assert found.recall.item() == picked
        found = evaluate(-X, torch.tensor([[1], [0]], dtype=torch.int8), fits((-1.0, -(bar + shift))))
        assert found.recall.item() == picked


def test_a_probe_without_weight_says_one_thing_of_all() -> None:
    X = torch.tensor([[1.0, 1.0], [2.0, 2.0]])
    found = evaluate(X, torch.tensor([[1], [0]], dtype=torch.int8), fits((0.0, 1.0), (0.0, 0.0)))
    assert found.f1.tolist() == [[pytest.approx(2 / 3), 0.0]]
    assert found.auc.tolist() == [[0.5, 0.5]]
    assert found.mcc.tolist() == [[0.0, 0.0]]


def test_the_best_is_chosen_on_one_half_and_reported_on_the_other() -> None:
    X = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    probe = fits((1.0, -0.5), (1.0, -0.5))
    choose = evaluate(X, torch.tensor([[0], [1], [0], [1]], dtype=torch.int8), probe)
    report = evaluate(X, torch.tensor([[0], [0], [1], [1]], dtype=torch.int8), probe)
    found = best(choose, report)
    assert (found.neuron.item(), found.chosen.item(), found.reported.item()) == (0, 1.0, 0.5)
