"""Ablating a neuron costs the text that it reads, and nothing elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.ingest.features import Labelled
from neuronkb.ingest.probes.ablation import ablate
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.schema import FeatureError, ModelError

from . import planted


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> LiveModel:
    return LiveModel.open(planted.model(tmp_path_factory.mktemp("model") / "tiny"), dtype="float32", device="cpu")


@pytest.fixture(scope="module")
def labelled(live: LiveModel) -> Labelled:
    assert live.subject is not None
    return Labelled.of(planted.texts(20), Tokenizer.of(live.subject), {"groups": 1}, ["is_weekday"])


def test_the_rise_is_that_of_a_model_without_the_neuron(live: LiveModel, labelled: Labelled) -> None:
    found = ablate(live, labelled, "is_weekday", 0, planted.NEURON, windows=6, controls=3, batch=4)
    out: Any = live.blocks[0].out
    column = out.weight[:, planted.NEURON]
    kept = column.detach().clone()
    losses = {}
    for name in ("whole", "without"):
        column.data.mul_(0.0 if name == "without" else 1.0)
        losses[name] = by_hand(live, labelled, found.points)
    column.data.copy_(kept)
    assert found.before.with_feature == pytest.approx(losses["whole"][0], rel=1e-5)
    assert found.before.without == pytest.approx(losses["whole"][1], rel=1e-5)
    assert found.rise.with_feature == pytest.approx(losses["without"][0] - losses["whole"][0], abs=1e-5)
    assert found.rise.without == pytest.approx(losses["without"][1] - losses["whole"][1], abs=1e-5)
    assert len(found.controls) == 3
    assert all(abs(one.with_feature) < abs(found.rise.with_feature) for one in found.controls)
    assert found.largest >= found.rise.with_feature


def by_hand(live: LiveModel, labelled: Labelled, counts: tuple[int, int]) -> tuple[float, float]:
    """Mean loss at positions of each class, of the windows that the same draw chooses."""
    found = []
    for value, count in zip((1, 0), counts, strict=True):
        points = labelled.points[labelled.labels[:, 0] == value]
        there = np.unique(points[:, 0])
        kept = np.random.default_rng(0).choice(there, min(6, len(there)), replace=False)
        losses = []
        for window, first, _ in points[np.isin(points[:, 0], kept)].tolist():
            ids = torch.from_numpy(labelled.windows[window, : labelled.lengths[window]].astype(np.int64))
            if first + 1 < len(ids):
                logits = live.model(input_ids=ids[None]).logits[0, first]
                losses.append(float(torch.nn.functional.cross_entropy(logits, ids[first + 1])))
        assert len(losses) == count
        found.append(float(np.mean(losses)))
    return found[0], found[1]


def test_what_is_wrong_is_said(live: LiveModel, labelled: Labelled) -> None:
    with pytest.raises(ModelError, match="no neuron 99 in layer 0"):
        ablate(live, labelled, "is_weekday", 0, 99)
    labelled.labels[labelled.labels == 0] = -1
    with pytest.raises(FeatureError, match="'is_weekday' has no windows of both kinds"):
        ablate(live, labelled, "is_weekday", 0, 0)
