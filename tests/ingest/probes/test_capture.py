"""Values at labelled points, against a pass of each window alone that keeps everything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from neuronkb.ingest.corpus import Tokenizer
from neuronkb.ingest.features import Labelled
from neuronkb.ingest.probes.capture import Captured, pooled
from neuronkb.ingest.subject.live import LiveModel

from . import planted


def test_pooled_by_hand() -> None:
    values = torch.tensor([[[1.0, -1.0], [2.0, 5.0], [6.0, 0.0]], [[3.0, 3.0], [9.0, 1.0], [0.0, 0.0]]])
    points = torch.tensor([[1, 0, 1], [0, 1, 3], [0, 0, 3]])
    assert pooled(values, points, "none").tolist() == [[3.0, 3.0], [2.0, 5.0], [1.0, -1.0]]
    assert pooled(values, points, "mean").tolist() == [[3.0, 3.0], [4.0, 2.5], pytest.approx([3.0, 4 / 3])]
    assert pooled(values, points, "max").tolist() == [[3.0, 3.0], [6.0, 5.0], [6.0, 5.0]]


@pytest.mark.parametrize("aggregation", ["none", "mean"])
def test_points_of_padded_windows_have_the_values_of_the_window_alone(tmp_path: Path, aggregation: str) -> None:
    live = LiveModel.open(planted.model(tmp_path / "model"), dtype="float32", device="cpu")
    assert live.subject is not None
    labelled = Labelled.of(planted.texts(12), Tokenizer.of(live.subject), {"groups": 1}, ["is_weekday"])
    if aggregation == "mean":
        points = labelled.points.copy()
        points[:, 1] = 1
        labelled = replace(labelled, aggregation="mean", points=points)
    cut = labelled.lengths.copy()
    order = np.argsort(labelled.points[:, 1])[::-1]  # points need not come in the windows' order
    labelled = replace(labelled, points=labelled.points[order], labels=labelled.labels[order])
    captured = Captured.make(live, labelled, tmp_path / "work", layers=[0, 1], batch=5)
    for layer in (0, 1):
        found = captured.layer(layer)
        assert found.shape == (len(labelled.points), live.d_mlp)
        for number, (window, first, end) in enumerate(labelled.points.tolist()):
            ids = torch.from_numpy(labelled.windows[window, : cut[window]].astype(np.int64))[None]
            alone = live.capture(ids, layers=[layer])[layer, "hidden"][0, first:end]
            torch.testing.assert_close(found[number], alone.mean(0), rtol=1e-4, atol=1e-6)
    captured.drop(0)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["L001.float32"]
