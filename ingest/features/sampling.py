"""Which windows are read, and which of their labels are used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..corpus.tokenizer import Ints
from .alignment import Flags, Labels

MOST_SHARE = 0.5
"""Positive share that is never exceeded by choice."""
FEW = 75
"""Positives, and negatives, of every feature that windows are chosen for before any feature gets more."""


@dataclass(frozen=True)
class Candidates:
    """All points that could be used, in the order of the windows."""

    points: Ints
    """`[n, 3]` window, first position, position after the last"""
    labels: Labels
    """`[n, n_features]` 1, 0 or -1"""
    mirrors: Flags
    """`[n, n_features]` carries the name that half of the feature's negatives are to have"""
    groups: Ints
    """`[n]` number of the group"""

    def take(self, numbers: npt.NDArray[np.int64] | Flags) -> Candidates:
        """Some of them."""
        return Candidates(self.points[numbers], self.labels[numbers], self.mirrors[numbers], self.groups[numbers])


def wanted(labels: Labels, share: float | None, points: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How many positives and negatives of each feature to use, `[n_features]` each.

    The positive share is the natural one where that lies between `share` and one half, else the nearer of the two;
    with `share` None nothing is changed but the number.
    """
    positives, negatives = (labels == 1).sum(axis=0), (labels == 0).sum(axis=0)
    natural = positives / np.maximum(1, positives + negatives)
    target = natural if share is None else np.clip(natural, share, MOST_SHARE)
    target = np.clip(target, 1e-9, 1 - 1e-9)
    whole = np.minimum(points, np.minimum(positives / target, negatives / (1 - target)))
    return np.rint(whole * target).astype(np.int64), np.rint(whole * (1 - target)).astype(np.int64)


def choose_windows(
    found: Candidates, lengths: Ints, share: float | None, points: int, tokens: int, rng: np.random.Generator
) -> Flags:
    """The windows to read, bool `[n_windows]`, of at most `tokens` tokens: at random, but those with positives of the
    rarest features first."""
    taken = np.zeros(len(lengths), bool)
    if share is None or lengths.sum() <= tokens:
        _add(taken, rng.permutation(len(lengths)), lengths, tokens)
        return taken
    order = _rare_first(found, len(lengths), rng)
    wishes = np.stack(wanted(found.labels, share, points))
    # A few of every feature before many of any: else the rarest use up the tokens.
    for most in (FEW, points):
        for row, value in enumerate((1, 0)):
            for number in np.argsort((found.labels == value).sum(axis=0), kind="stable"):
                here = found.points[found.labels[:, number] == value, 0]
                held = np.bincount(here, minlength=len(lengths))
                missing = min(most, int(wishes[row, number])) - int(held[taken].sum())
                new = order[(held[order] > 0) & ~taken[order]]
                enough = int(np.searchsorted(np.cumsum(held[new]), missing)) + 1 if missing > 0 else 0
                _add(taken, new[:enough], lengths, tokens)
    return taken


def _rare_first(found: Candidates, n: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """All windows in random order, those that hold much of what is rare sooner.

    A window is as likely to be next as the sum of the shares that it holds of each feature's positives (Efraimidis and
    Spirakis 2006).
    """
    positive = found.labels == 1
    weight = (positive / np.maximum(1, positive.sum(axis=0))).sum(axis=1)
    held = np.bincount(found.points[:, 0], weights=weight, minlength=n)
    return np.argsort(rng.exponential(size=n) / np.maximum(held, 1e-9), kind="stable")


def _add(taken: Flags, order: npt.NDArray[np.int64], lengths: Ints, tokens: int) -> None:
    """Take windows in this order as long as they fit."""
    left = tokens - int(lengths[taken].sum())
    taken[order[np.cumsum(lengths[order]) <= left]] = True


def choose_points(found: Candidates, share: float | None, points: int, rng: np.random.Generator) -> Labels:
    """The labels that are used, int8 `[n, n_features]`, -1 in place of those that are not.

    One random order ranks all points, and every feature takes its first positives and negatives in it: so features
    share points, and fewer have to be read.
    """
    order = rng.permutation(len(found.points))
    positives, negatives = wanted(found.labels, share, points)
    used = np.full(found.labels.shape, -1, np.int8)
    for number in range(found.labels.shape[1]):
        ranked = found.labels[order, number]
        used[order[ranked == 1][: positives[number]], number] = 1
        opposite = order[ranked == 0]
        mirror = found.mirrors[opposite, number]
        half = opposite[mirror][: (negatives[number] + 1) // 2]
        rest = opposite[~mirror][: negatives[number] - len(half)]
        more = opposite[mirror][len(half) : negatives[number] - len(rest)]
        used[np.concatenate([half, rest, more]), number] = 0
    return used
