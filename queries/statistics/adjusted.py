"""P-values adjusted for how many were looked at."""

from __future__ import annotations

from collections.abc import Sequence


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """Adjusted p-values: the least false-discovery rate at which each would count (Benjamini & Hochberg 1995)."""
    order = sorted(range(len(p)), key=p.__getitem__, reverse=True)
    found, least = [0.0] * len(p), 1.0
    for behind, i in enumerate(order):
        least = min(least, p[i] * len(p) / (len(p) - behind))
        found[i] = least
    return found
