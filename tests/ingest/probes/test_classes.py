import pytest
import torch
from neuronkb.ingest.probes.classes import Classes, blocks, rows
from neuronkb.schema import FeatureError

X = torch.arange(8.0).reshape(4, 2)
LABELS = torch.tensor([[1, 0], [0, 1], [0, -1], [0, 0]], dtype=torch.int8)


def test_weights_give_both_classes_half_and_unused_points_nothing() -> None:
    classes = Classes.of(X, LABELS)
    assert classes.count.tolist() == [[3, 1], [2, 1]]
    assert torch.allclose(
        classes.weights, torch.tensor([[2, 2 / 3, 2 / 3, 2 / 3], [0.75, 1.5, 0, 0.75]], dtype=torch.float64)
    )


def test_features_of_the_same_points_are_together() -> None:
    labels = torch.cat([LABELS, 1 - LABELS[:, :1]], dim=1)
    found = {tuple(points.tolist()): features.tolist() for points, features in Classes.of(X, labels).groups()}
    assert found == {(0, 1, 2, 3): [0, 2], (0, 1, 3): [1]}


def test_blocks_cover_every_neuron_once_and_stay_small() -> None:
    parts = list(blocks(3000, 2**17, torch.device("cpu")))
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(3000))
    assert max(part.stop - part.start for part in parts) == 8
    assert list(blocks(2, 2**30, torch.device("cpu"))) == [slice(0, 1), slice(1, 2)]


def test_rows_are_neurons() -> None:
    assert rows(X.half(), slice(1, 2), torch.tensor([0, 3])).tolist() == [[1.0, 7.0]]


@pytest.mark.parametrize(
    ("values", "labels", "message"),
    [
        (X, LABELS[:3], r"\(4, 2\) and \(3, 2\)"),
        (X, LABELS[:, 0], r"\(4, 2\) and \(4,\)"),
        (X, LABELS.clamp(max=0), r"feature 0 has \(negatives, positives\) = \(3, 0\)|feature 0"),
        (X, LABELS * 2, "other than 1"),
        (X / 0, LABELS, "infinities"),
    ],
)
def test_what_cannot_be_probed_is_refused(values: torch.Tensor, labels: torch.Tensor, message: str) -> None:
    with pytest.raises(FeatureError, match=message):
        Classes.of(values, labels)
