"""What a model loses without a neuron, on text that has its feature and on other text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ...schema import FeatureError, ModelError
from ..features.labelled import Labelled
from ..progress import Progress, silent
from ..subject.clamp import Clamp
from ..subject.live import LiveModel

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Loss:
    """Mean next-token loss, nats."""

    with_feature: float
    """at the feature's points"""
    without: float
    """at points that lack it"""


@dataclass(frozen=True)
class Ablation:
    """The rise of the loss when a neuron is held at 0, beside the same for other neurons of its layer."""

    feature: str
    layer: int
    neuron: int
    before: Loss
    """of the whole model"""
    rise: Loss
    controls: tuple[Loss, ...]
    """rises for random other neurons"""
    largest: float
    """largest rise at one of the feature's points"""
    points: tuple[int, int]
    """predicted tokens with the feature and without"""


def ablate(
    live: LiveModel,
    labelled: Labelled,
    feature: str,
    layer: int,
    neuron: int,
    *,
    windows: int = 24,
    controls: int = 5,
    seed: int = 0,
    batch: int = 4,
    progress: Progress = silent,
) -> Ablation:
    """Hold one neuron at 0 (Gurnee et al. 2023, on French), on up to `windows` windows with the feature and as many
    without it.

    The loss is that of the token after each position of a point: the point's token, or all tokens that it is aggregated
    over. `controls` other neurons of the layer are drawn with `seed`. Raises FeatureError where the feature has no
    points of both kinds, ModelError for a neuron that is not there or a loss that is no number.
    """
    clamp = Clamp.ablate(layer, neuron)
    clamp.check(live.blocks)
    number = [info.name for info in labelled.features].index(feature)
    each = [_places(labelled, number, value, windows, seed) for value in (1, 0)]
    if not all(len(places) for places in each):
        raise FeatureError(f"feature {feature!r} has no windows of both kinds to compare")
    others = np.delete(np.arange(live.d_mlp), neuron)
    drawn = np.random.default_rng(seed).choice(others, min(controls, len(others)), replace=False)
    held = [None, clamp, *(Clamp.ablate(layer, int(other)) for other in drawn)]
    losses = []
    for done, one in enumerate(held):
        progress("ablating", done, len(held))
        losses.append([_losses(live, labelled, places, one, batch) for places in each])
    progress("ablating", len(held), len(held))
    before, *after = ([values.mean() for values in pair] for pair in losses)
    rises = [Loss(float(a - before[0]), float(b - before[1])) for a, b in after]
    return Ablation(
        feature,
        layer,
        neuron,
        Loss(float(before[0]), float(before[1])),
        rises[0],
        tuple(rises[1:]),
        float((losses[1][0] - losses[0][0]).max()),
        (len(losses[0][0]), len(losses[0][1])),
    )


def _places(labelled: Labelled, number: int, value: int, most: int, seed: int) -> Ints:
    """Points of a class in up to `most` windows: `[m, 3]`, by window."""
    points = labelled.points[labelled.labels[:, number] == value].astype(np.int64)
    there = np.unique(points[:, 0])
    kept = np.random.default_rng(seed).choice(there, min(most, len(there)), replace=False)
    inside = points[np.isin(points[:, 0], kept)]
    found: Ints = inside[np.argsort(inside[:, 0], kind="stable")]
    return found


@torch.no_grad()
def _losses(
    live: LiveModel, labelled: Labelled, points: Ints, clamp: Clamp | None, batch: int
) -> npt.NDArray[np.float64]:
    """Loss of the token behind each position of the points; none behind a window's last."""
    numbers, found = np.unique(points[:, 0]), []
    clamps: Sequence[Clamp] = () if clamp is None else (clamp,)
    with live.clamped(clamps) as model:
        for first in range(0, len(numbers), batch):
            part = numbers[first : first + batch]
            length = int(labelled.lengths[part].max())
            ids = torch.from_numpy(labelled.windows[part, :length].astype(np.int64)).to(live.device)
            logits = model(input_ids=ids, use_cache=False).logits
            for row, window in enumerate(part.tolist()):
                places = _positions(points[points[:, 0] == window], int(labelled.lengths[window]))
                wanted = ids[row, places + 1]
                logs = torch.log_softmax(logits[row, places].float(), dim=-1)
                found.append(-logs.gather(1, wanted[:, None])[:, 0].double().cpu())
    losses = torch.cat(found).numpy()
    if not np.isfinite(losses).all():
        raise ModelError("the loss is not finite; run with --dtype float32")
    return losses


def _positions(points: Ints, length: int) -> torch.Tensor:
    """int64 positions of a window's points, each once, that have a token behind them."""
    inside = np.unique(np.concatenate([np.arange(first, end) for _, first, end in points.tolist()]))
    return torch.from_numpy(inside[inside + 1 < length])
