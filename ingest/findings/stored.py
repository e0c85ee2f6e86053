"""What a store alone tells of a counterpart, where the weights cannot be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...schema import POLES, PROJECTIONS
from .measure import Measure

DRAWS = 199
"""Neurons drawn at random for a null: the best of a layer beats all of their bests by luck once in 200 searches."""
LEVEL = 0.95
"""Quantile of the draws that a cosine at a given place must exceed to count as more than chance."""


def isotropic_cosine(n: int, d: int, seed: int = 0) -> float:
    """Cosine that the best of `n` rows reaches with a random one in `d` dimensions: the `LEVEL` quantile of the draws.

    Rows of real layers share directions, so their own null is higher.
    """
    rng = np.random.default_rng(seed)
    along, across = rng.normal(size=(DRAWS, n)), rng.chisquare(max(1, d - 1), size=(DRAWS, n))
    best = (along / np.sqrt(along**2 + across)).max(axis=1)
    return float(np.quantile(best, LEVEL))


def stored_structure(link: Mapping[str, Any], null: float) -> tuple[Measure, ...]:
    """Rows and tokens of the same-index neuron from its COUNTERPART's properties; `null` is that of a cosine."""
    found: list[Measure] = []
    for projection in PROJECTIONS:
        cosine = link.get(f"cos_{projection}")
        if cosine is None:
            continue
        found.append(Measure("rows", projection, float(cosine), null=null))
        overlaps = [link.get(f"jaccard_{projection}_{pole}") for pole in POLES.values()]
        known = [float(value) for value in overlaps if value is not None]
        if known:
            found.append(Measure("tokens", projection, sum(known) / len(known)))
    return tuple(found)
