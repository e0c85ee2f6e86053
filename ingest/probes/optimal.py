"""Optimal sparse probes: the best support of k neurons, proved so, or with an honest gap."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from ...schema import FeatureError
from .classes import Classes
from .dual import Loss, Points
from .k_sparse import Probe
from .moments import class_moments
from .rankers import mean_difference
from .search import GAP, Numbers, Search

KEEP = 50
NODES = 3_000
"""A minute of the hardest searches on one core; most need a few."""


@dataclass(frozen=True)
class Optimal(Probe):
    """The best probe found and the proof: of the neurons searched, no k cost less than `bound`."""

    loss: Loss
    objective: float
    """|weight|^2 / (2 gamma) + sum of the weighted losses: what this probe costs"""
    bound: float
    gap: float
    """(objective - bound) / objective"""
    cuts: int
    status: Literal["optimal", "gap"]
    """optimal: the gap is at most 1e-4, as published; gap: it is what it is, since nodes or tolerances ran out"""


def optimal(
    X: torch.Tensor,
    y: torch.Tensor,
    k: int,
    *,
    gamma: float | None = None,
    loss: Loss = "hinge",
    start: Iterable[int] | torch.Tensor = (),
    nodes: int = NODES,
    keep: int = KEEP,
) -> Optimal:
    """The cheapest probe of one feature, y `[n]` (1, 0, or -1: not used), on k neurons of X `[n, n_neurons]`.

    Optimal sparse probing of Gurnee et al. 2023: the cost of a support is that of `dual`, with gamma = 1 / sqrt(n)
    unless given, and supports are searched by cutting planes. Each one tried gives a cut, valid for all; a
    mixed-integer program over the cuts gives a bound and the next support. In float64; the bound has the solver's
    tolerance, 1e-6 of the cost, already taken off.

    Searched are the `keep` neurons of largest mean difference, as published, and those of `start`, a support to
    begin with (of more neurons, or fewer, than k if need be). The proof is about those alone. Raises FeatureError for
    a k that they cannot give. `nodes` of branch and bound are spent at most, over all programs together.
    """
    classes = Classes.of(X, y[:, None])
    first = np.array([int(i) for i in start], np.int64)
    strongest = _strongest(X, y, classes, keep)
    kept = np.union1d(strongest, first)
    if not 1 <= k <= len(kept):
        raise FeatureError(f"a support of k = {k!r} neurons: expected 1 to {len(kept)}, the neurons searched")
    search = Search(_points(X, y, classes, kept, gamma, loss), k)
    search.run(np.searchsorted(kept, first), nodes)
    best = search.best
    return Optimal(
        support=torch.from_numpy(kept[search.chosen]),
        weight=torch.from_numpy(best.weight),
        bias=best.bias,
        loss=loss,
        objective=best.objective,
        bound=min(search.bound, best.objective),
        gap=search.gap,
        cuts=search.cuts,
        status="optimal" if search.gap <= GAP else "gap",
    )


def _strongest(X: torch.Tensor, y: torch.Tensor, classes: Classes, keep: int) -> Numbers:
    """The neurons of largest mean difference: by a product in float32, exactly among four times as many."""
    share = classes.positive / classes.count[:, 1:] - classes.negative / classes.count[:, :1]
    near = (share.to(X.dtype) @ X)[0].abs().topk(min(4 * keep, X.shape[1])).indices
    difference = mean_difference(class_moments(X[:, near], y[:, None]))[0]
    return np.asarray(near[difference.topk(min(keep, len(near))).indices].cpu().numpy())


def _points(
    X: torch.Tensor, y: torch.Tensor, classes: Classes, kept: Numbers, gamma: float | None, loss: Loss
) -> Points:
    used = y.to(X.device) >= 0
    values = X[:, torch.from_numpy(kept).to(X.device)][used].T.double().cpu().numpy()
    sign, weights = classes.positive - classes.negative, classes.weights
    return Points(
        np.ascontiguousarray(values),
        sign[0, used].double().cpu().numpy(),
        weights[0, used].cpu().numpy(),
        gamma or int(used.sum()) ** -0.5,
        loss,
    )
