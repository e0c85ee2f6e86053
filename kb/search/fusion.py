"""Several rankings as one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

K = 60
"""Of reciprocal rank fusion: Cormack, Clarke and Buettcher 2009."""


def fused(
    rankings: Mapping[str, Sequence[str]], shares: Mapping[str, Mapping[str, float]] | None = None
) -> list[tuple[str, float]]:
    """Names by the sum of 1 / (60 + rank) over the rankings that have them, best first, equal ones by name.

    `shares` scale what a ranking gives a name; 1 unless given.
    """
    scores: dict[str, float] = defaultdict(float)
    for kind, ranking in rankings.items():
        share = (shares or {}).get(kind, {})
        for rank, name in enumerate(ranking, 1):
            scores[name] += share.get(name, 1.0) / (K + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
