"""Rows that have each column's values, and nothing of how they belong together."""

from __future__ import annotations

import torch


def shuffled(rows: torch.Tensor, seed: int) -> torch.Tensor:
    """Rows `[n, d]` with the values of every column dealt out anew among the rows, each column on its own.

    Mean, spread and outliers of every dimension stay, so that what rows share by the scale of a few dimensions is part
    of the null. Rows of independent entries stay what they are: then the null is exact.
    """
    generator = torch.Generator().manual_seed(seed)
    order = torch.rand(rows.shape, generator=generator).argsort(dim=0)
    return rows.gather(0, order.to(rows.device))


def seed_of(seed: int, draw: int, layer: int, part: int = 0) -> int:
    """A seed for one draw of one part (a projection, a rank) of one layer."""
    return ((seed * 1009 + draw) * 10_007 + layer) * 101 + part
