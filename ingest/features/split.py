"""Which points are for fitting, for choosing and for reporting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .labelled import Labelled

FIT, CHOOSE, REPORT = 0, 1, 2
"""Probes are fitted on the first part, neurons and thresholds chosen on the second, scores reported on the third."""
SHARES = (0.5, 0.2, 0.3)

Parts = npt.NDArray[np.int8]


def split(labelled: Labelled, seed: int = 0, grouped: bool = True) -> Parts:
    """int8 `[n_points]`: FIT, CHOOSE or REPORT in shares .5, .2 and .3; points of one group on one side.

    `grouped=False` is the published split (Gurnee et al. 2023): 70 % FIT and 30 % REPORT of the points at random,
    so that tokens of one document stand on both sides.
    """
    rng = np.random.default_rng(seed)
    n = len(labelled.points)
    if not grouped:
        parts = np.zeros(n, np.int8)
        parts[rng.permutation(n)[: int(np.ceil(SHARES[REPORT] * n))]] = REPORT
        return parts
    numbers, group = np.unique(labelled.groups, return_inverse=True)
    held = np.zeros((len(numbers), labelled.labels.shape[1] + 1))
    np.add.at(held, group, np.column_stack([labelled.labels == 1, np.ones(n, bool)]))
    return _assign(held, rng)[group].astype(np.int8)


def _assign(held: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """The part of each group, `[n_groups]`, given what it holds of each feature and of points, `[n_groups, n]`.

    Groups go, largest first and else in random order, to the part that lacks most of what they hold, after the
    iterative stratification of Sechidis et al. 2011: so that rare features are in every part.
    """
    shares = np.asarray(SHARES)[:, None]
    weight = held / np.maximum(1, held.sum(axis=0))
    order = rng.permutation(len(held))
    order = order[np.argsort(-weight[order].max(axis=1), kind="stable")]
    lacking = np.repeat(shares, held.shape[1], axis=1)
    parts = np.zeros(len(held), np.int64)
    for number in order:
        part = int(np.argmax((lacking * weight[number]).sum(axis=1)))
        parts[number] = part
        lacking[part] -= weight[number]
    return parts
