"""Rows that have each column's values, and nothing of how they belong together."""

from __future__ import annotations

import numpy as np
import torch

STEPS = 2**24
"""Different numbers that `torch.rand` gives in float32: whole multiples of 1 / STEPS."""
COLUMNS = 32
"""Dealt out at a time: few enough to stay in a core's cache."""


def shuffled(rows: torch.Tensor, seed: int) -> torch.Tensor:
    """Rows `[n, d]` with the values of every column dealt out anew among the rows, each column on its own.

    Mean, spread and outliers of every dimension stay, so that what rows share by the scale of a few dimensions is part
    of the null. Rows of independent entries stay what they are: then the null is exact.
    """
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.rand(rows.shape, generator=generator)
    dealt = torch.empty_like(rows)
    for start in range(0, rows.shape[1], COLUMNS):
        part = slice(start, start + COLUMNS)
        order = _order(numbers[:, part]).to(rows.device)
        dealt[:, part] = rows[:, part].T.contiguous().gather(1, order).T
    return dealt


def _order(numbers: torch.Tensor) -> torch.Tensor:
    """The rows of each column by their number, `[d, n]`, equal ones in order: whole keys that hold the row are quicker
    to sort than an order is to find, and give the same on every machine."""
    n = len(numbers)
    bits = max(1, n - 1).bit_length()
    keys = (numbers.T.contiguous() * STEPS).long().numpy()
    keys <<= bits
    keys |= np.arange(n)
    keys.sort(axis=1)
    keys &= (1 << bits) - 1
    return torch.from_numpy(keys)


def seed_of(seed: int, draw: int, layer: int, part: int = 0) -> int:
    """A seed for one draw of one part (a projection, a rank) of one layer."""
    return ((seed * 1009 + draw) * 10_007 + layer) * 101 + part
