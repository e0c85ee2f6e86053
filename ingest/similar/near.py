"""The neurons nearest to one, where each may have several explanations or graphs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Near:
    """A neuron like another."""

    owner: int
    """number of the neuron"""
    score: float
    """the largest of any two of their explanations, or graphs"""


def nearest_owners(scores: Floats, owners: NDArray[np.int64], k: int) -> list[Near]:
    """The `k` owners with the largest of the scores `[n]` of what they own, best first, equal ones by number."""
    names = np.unique(owners)
    best = np.full(len(names), -np.inf)
    np.maximum.at(best, np.searchsorted(names, owners), scores)
    order = np.lexsort((names, -best))[:k]
    return [Near(int(names[i]), float(best[i])) for i in order]
