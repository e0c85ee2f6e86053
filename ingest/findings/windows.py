"""A neuron's N2G graph judged on stored windows of the same neuron in another model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..n2g.predict import Predictor
from .intervals import f1_of, windows_interval

SHUFFLES = 199
LEVEL = 0.95


@dataclass(frozen=True)
class Judged:
    """F1 of predicted firings on stored windows, with its interval and what shuffled predictions reach."""

    f1: float
    low: float
    high: float
    null: float


def judged(
    predictor: Predictor,
    windows: Sequence[tuple[Sequence[str], Sequence[float]]],
    *,
    threshold: float = 0.5,
    cut: float = 0.4,
    seed: int = 0,
) -> Judged | None:
    """Judge a graph on (tokens, activations) of one neuron. None where the neuron never fires or no window is given.

    It fires from `threshold` of its largest stored activation on; the graph says so from `cut` on. The null is the 95th
    percentile of the F1 of the same predictions in a random order of tokens.
    """
    most = max((max(values, default=0.0) for _, values in windows), default=0.0)
    if most <= 0:
        return None
    fires = [np.asarray(values, np.float64) >= threshold * most for _, values in windows]
    said = [predictor.predict(tokens) >= cut for tokens, _ in windows]
    hits, predicted, true = (
        np.array([int(part.sum()) for part in parts], np.int64)
        for parts in ([a & b for a, b in zip(fires, said, strict=True)], said, fires)
    )
    low, high = windows_interval(hits, predicted, true, seed)
    value = float(f1_of(hits.sum(keepdims=True), predicted.sum(keepdims=True), true.sum(keepdims=True))[0])
    return Judged(value, low, high, _null(np.concatenate(fires), np.concatenate(said), seed))


def _null(fires: NDArray[np.bool_], said: NDArray[np.bool_], seed: int) -> float:
    rng = np.random.default_rng(seed)
    hits = np.array([int((fires & rng.permutation(said)).sum()) for _ in range(SHUFFLES)], np.int64)
    both = np.full(SHUFFLES, int(said.sum())), np.full(SHUFFLES, int(fires.sum()))
    return float(np.quantile(f1_of(hits, *both), LEVEL))
