"""Rows that have each column's values, and nothing of how they belong together."""

from __future__ import annotations

import numpy as np
import torch

STEPS = 2**24
"""Different numbers that `torch.rand` gives in float32: whole multiples of 1 / STEPS."""


def shuffled(rows: torch.Tensor, seed: int) -> torch.Tensor:
    """Rows `[n, d]` with the values of every column dealt out anew among the rows, each column on its own.

    Mean, spread and outliers of every dimension stay, so that what rows share by the scale of a few dimensions is part
    of the null. Rows of independent entries stay what they are: then the null is exact.
    """
    generator = torch.Generator().manual_seed(seed)
    return rows.gather(0, _order(torch.rand(rows.shape, generator=generator)).to(rows.device))


def _order(numbers: torch.Tensor) -> torch.Tensor:
    """The rows of each column by their number, equal ones in order: whole keys that hold the row are quicker to sort
    than an order is to find, and give the same on every machine."""
    keys = (numbers.T.double() * STEPS).long().numpy() * len(numbers) + np.arange(len(numbers))
    keys.sort(axis=1)
    return torch.from_numpy(keys % max(1, len(numbers))).T.contiguous()


def seed_of(seed: int, draw: int, layer: int, part: int = 0) -> int:
    """A seed for one draw of one part (a projection, a rank) of one layer."""
    return ((seed * 1009 + draw) * 10_007 + layer) * 101 + part
