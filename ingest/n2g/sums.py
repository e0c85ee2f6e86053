"""Sums of groups of numbers, correctly rounded, so that no order changes them."""

from __future__ import annotations

from math import fsum

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def grouped(values: Floats, groups: Ints, n: int) -> tuple[Floats, Ints]:
    """The values by their groups' numbers, and how many are in each of the `n` groups."""
    # Numbers of two bytes are sorted by their digits, in a fraction of the time.
    short = groups.astype(np.uint16) if n <= 2**16 else groups
    return values[np.argsort(short, kind="stable")], np.bincount(groups, minlength=n)


def exact_sums(values: Floats, counts: Ints) -> Floats:
    """math.fsum of runs of values, none of them empty."""
    ends = np.cumsum(counts)
    starts = ends - counts
    # What the machine adds of two numbers is correctly rounded already; + 0.0 is what fsum does to -0.0.
    found = np.add.reduceat(values, starts) + 0.0 if len(counts) else np.zeros(0)
    listed = values.tolist()
    for group in np.flatnonzero(counts > 2).tolist():
        found[group] = fsum(listed[starts[group] : ends[group]])
    return found
