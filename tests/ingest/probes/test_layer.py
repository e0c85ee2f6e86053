"""One layer's probes on made-up activations whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from neuronkb.ingest.features.split import CHOOSE, FIT, REPORT
from neuronkb.ingest.probes.layer import LayerProbes, Splits, certificate
from neuronkb.ingest.probes.optimal import Optimal
from neuronkb.ingest.probes.settings import METHODS, Settings

N, WIDTH = 600, 30
PARTS = np.random.default_rng(0).choice([FIT, CHOOSE, REPORT], N, p=[0.5, 0.2, 0.3]).astype(np.int8)


def data() -> tuple[torch.Tensor, np.ndarray]:
    """Neuron 4 tells feature 0; neurons 7 and 9 together tell feature 1, neither alone; half the points of feature 1
    are not used."""
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, (N, 2)).astype(np.int8)
    X = random.normal(size=(N, WIDTH)) * random.uniform(0.5, 20, WIDTH)
    X[:, 4] = 3.0 * labels[:, 0] + 0.2 * random.normal(size=N)
    shared = random.normal(size=N)
    X[:, 7] = 5 * (shared + 0.5 * labels[:, 1])
    X[:, 9] = 5 * (shared - 0.5 * labels[:, 1])
    labels[::2, 1] = -1
    return torch.from_numpy(X.astype(np.float32)), labels


def test_the_known_neurons_are_found_and_random_directions_are_not_as_good() -> None:
    X, labels = data()
    found = LayerProbes.of(3, X, labels, PARTS, Settings(ks=(1, 2), methods=METHODS))
    assert found.singles.chosen.neuron[0] == 4
    assert found.singles.chosen.reported[0] == 1.0
    assert found.control is not None
    assert found.control.chosen.reported[0] < 0.9
    assert found.n.tolist() == [(PARTS == REPORT).sum(), ((PARTS == REPORT) & (labels[:, 1] >= 0)).sum()]
    by = {(one.method, one.feature, len(one.probe.support)): one for one in found.sparse}
    assert len(by) == len(found.sparse) == len(found.sparse_control) == 2 * 2 * len(METHODS)
    for method in set(METHODS) - {"random"}:
        assert by[method, 0, 1].probe.support.tolist() == [4]
        assert by[method, 0, 1].scores["f1"] == 1.0
    # The two cancel what they share: neither is worth much alone.
    assert sorted(by["optimal", 1, 2].probe.support.tolist()) == [7, 9]
    assert by["optimal", 1, 2].scores["f1"] == 1.0
    assert by["optimal", 1, 1].scores["f1"] < 0.9
    keys = [(one.method, one.feature, len(one.probe.support)) for one in found.sparse_control]
    assert keys == [(one.method, one.feature, len(one.probe.support)) for one in found.sparse]


def test_reported_scores_are_of_the_reporting_points_alone() -> None:
    X, labels = data()
    settings = Settings(ks=(1,), methods=("mean_difference",), control=False)
    before = LayerProbes.of(0, X, labels, PARTS, settings)
    changed = X.clone()
    changed[PARTS == REPORT, 4] *= -1  # what was fitted and chosen stays, what is reported falls
    after = LayerProbes.of(0, changed, labels, PARTS, settings)
    assert after.singles.chosen.neuron[0] == before.singles.chosen.neuron[0] == 4
    assert torch.equal(after.singles.fits.weight, before.singles.fits.weight)
    assert after.singles.chosen.reported[0] < 0.5
    assert after.sparse[0].scores["f1"] < 0.5
    assert after.control is None


def test_the_published_split_has_no_points_to_choose_with() -> None:
    X, labels = data()
    parts = np.where(PARTS == CHOOSE, FIT, PARTS).astype(np.int8)
    splits = Splits.of(X, labels, parts)
    assert splits.choose is splits.fit
    assert torch.allclose(splits.fit.X * splits.scale, X[parts == FIT])


def test_certificates_are_of_optimal_probes() -> None:
    X, labels = data()
    found = LayerProbes.of(0, X, labels, PARTS, Settings(ks=(1,), methods=("l1", "optimal"), control=False))
    l1, best = found.sparse[0].probe, found.sparse[-1].probe
    assert certificate(l1) == {"loss": "logistic"}
    assert isinstance(best, Optimal)
    assert certificate(best)["status"] == "optimal"
    assert certificate(best)["bound"] == pytest.approx(best.objective, rel=1e-3)
