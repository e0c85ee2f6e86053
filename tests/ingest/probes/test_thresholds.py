import numpy as np
import torch
from hypothesis import given, settings
from neuronkb.ingest.probes.metrics import evaluate
from neuronkb.ingest.probes.thresholds import best_threshold

from tests.ingest.probes.points import Points, points


@settings(deadline=None, max_examples=25)
@given(points(high=20))
def test_no_threshold_of_either_direction_has_a_higher_f1(case: Points) -> None:
    fits = best_threshold(case.X, case.labels)
    found = evaluate(case.X, case.labels, fits).f1
    for feature in range(case.labels.shape[1]):
        X, y = case.feature(feature)
        for neuron, x in enumerate(X.T):
            answers = [x * turn >= bar for turn in (1, -1) for bar in np.unique(x * turn)]
            best = max(2 * y[answer].sum() / (answer.sum() + y.sum()) for answer in answers)
            assert np.isclose(found[feature, neuron], best)


def test_by_hand() -> None:
    """Yes above 2.5, yes below -2.5, and a neuron that tells nothing: yes to all."""
    X = torch.tensor([[1.0, -1.0, 0.0], [2.0, -2.0, 0.0], [3.0, -3.0, 0.0], [4.0, -4.0, 0.0]])
    fits = best_threshold(X, torch.tensor([[0], [0], [1], [1]], dtype=torch.int8))
    assert fits.weight.tolist() == [[1.0, -1.0, 0.0]]
    assert fits.threshold[0, :2].tolist() == [2.5, -2.5]
    assert fits.bias[0, 2] == 1.0
