"""How well two lists of judgements agree: rank correlations, and pairs by how far apart they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
GAPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, float("inf"))
"""Bounds of the score gaps that preferences are counted by (Bills et al. 2023)."""
_FEWEST = 3
"""Judgements below which a rank correlation says nothing."""


@dataclass(frozen=True)
class Correlation:
    """Rank correlations of two lists of judgements on the same things."""

    n: int
    spearman: float | None
    """None for fewer than three, or where one list is constant"""
    kendall: float | None
    """tau-b, which accounts for ties"""


@dataclass(frozen=True)
class Preference:
    """Pairs of explanations of the same neuron whose scores lie so far apart: whether people prefer the higher one."""

    low: float
    high: float | None
    """None without an upper bound"""
    pairs: int
    """in which the person preferred one"""
    agreed: int
    """in which that was the one with the higher score"""
    undecided: int
    """in which the person gave both the same"""


def correlate(first: Sequence[float], second: Sequence[float]) -> Correlation:
    """Spearman's rho with mean ranks for ties, and Kendall's tau-b."""
    x, y = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(x) < _FEWEST or len(set(first)) < 2 or len(set(second)) < 2:
        return Correlation(len(x), None, None)
    rho = float(np.corrcoef(_ranks(x), _ranks(y))[0, 1])
    above = np.triu_indices(len(x), 1)
    dx, dy = (np.sign(v[:, None] - v[None, :])[above] for v in (x, y))
    tau = float((dx * dy).sum() / np.sqrt((dx**2).sum() * (dy**2).sum()))
    return Correlation(len(x), rho, tau)


def preferences(groups: Sequence[tuple[Sequence[float], Sequence[float]]]) -> list[Preference]:
    """By gap of the scores: of each group, scores and a person's values, all pairs with different scores."""
    counts = {bounds: [0, 0, 0] for bounds in pairwise(GAPS)}
    for scores, values in groups:
        for i in range(len(scores)):
            for j in range(i):
                _count(counts, scores[i] - scores[j], values[i] - values[j])
    return [Preference(low, high if np.isfinite(high) else None, *found) for (low, high), found in counts.items()]


def _count(counts: dict[tuple[float, float], list[int]], gap: float, preferred: float) -> None:
    if gap == 0:
        return
    found = next(found for (low, high), found in counts.items() if low <= abs(gap) < high)
    if preferred == 0:
        found[2] += 1
    else:
        found[0] += 1
        found[1] += gap * preferred > 0


def _ranks(values: Values) -> Values:
    """Ranks from 1, equal values sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)
