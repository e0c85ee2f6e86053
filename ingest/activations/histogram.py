"""Histograms of every neuron's values in bins of a quarter octave, and quantiles from them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from . import kernels
from .kernels import Bits, Ends

LOWEST, HIGHEST, PARTS = -10, 6, 4
"""Bins of one sign: PARTS equal parts of each octave from 2^LOWEST to 2^HIGHEST; the first reaches down to 0, the last
up to infinity."""
HALF = (HIGHEST - LOWEST) * PARTS
BINS = 2 * HALF
"""Bins of both signs, most negative first. Zeros are counted apart."""


def edges() -> npt.NDArray[np.float64]:
    """`[BINS + 1]` edges, ascending, from -inf to inf. Bin i holds edges[i] <= |x| side away from 0 of bin i."""
    positive = [2.0**octave * (1 + part / PARTS) for octave in range(LOWEST, HIGHEST) for part in range(PARTS)]
    inner = np.array(positive[1:])
    return np.concatenate([[-np.inf], -inner[::-1], [0.0], inner, [np.inf]])


def _table() -> torch.Tensor:
    """Bin of a float32, by its highest 11 bits: sign, exponent and two bits of mantissa; BINS for 0 and what is below
    float32's normal range."""
    code = torch.arange(2**11)
    size = code & 0x3FF
    place = (size - ((127 + LOWEST) << 2)).clamp(0, HALF - 1)
    signed = torch.where(code >= 0x400, HALF - 1 - place, HALF + place)
    return torch.where(size == 0, BINS, signed)


class Histogram:
    """Counts of `n` neurons' values."""

    def __init__(self, n: int, device: torch.device) -> None:
        self._all = torch.zeros(n, BINS + 1, dtype=torch.int32, device=device)
        self._table = _table().int().to(device)
        self._rows = torch.arange(n, dtype=torch.int32, device=device) * (BINS + 1)

    @property
    def counts(self) -> torch.Tensor:
        """int32 `[n, BINS]`, zeros left out."""
        return self._all[:, :BINS]

    @property
    def zeros(self) -> torch.Tensor:
        """int32 `[n]`."""
        return self._all[:, BINS]

    def take(self, values: torch.Tensor, blank: int = 0) -> None:
        """Add values float32 `[m, n]`, contiguous, of which `blank` of each neuron are zeros that do not count."""
        one = torch.ones(1, dtype=torch.int32, device=values.device)
        code = (values.view(torch.int32) >> 21).bitwise_and_(0x7FF)
        place = self._table.index_select(0, code.view(-1)).view(values.shape).add_(self._rows)
        self._all.view(-1).scatter_add_(0, place.view(-1).long(), one.expand(place.numel()))
        self._all[:, BINS] -= blank

    def add(self, values: Bits, columns: slice, first: int, ends: Ends) -> None:
        """The same of some neurons on a CPU, from position `first` to each window's end."""
        self._count(values, columns, columns, first, ends)

    def add_maxima(self, maxima: torch.Tensor, columns: slice) -> None:
        """Some neurons' largest value of each window, `[b, columns]`, on a CPU."""
        self._count(Bits.of(maxima[:, None]), slice(0, maxima.shape[1]), columns, 0, np.ones(len(maxima), np.int64))

    def _count(self, values: Bits, of: slice, columns: slice, first: int, ends: Ends) -> None:
        bins, counts = self._table.numpy().astype(np.uint8), self._all.numpy()[columns]
        kernels.count(values.words, values.shift, of.start, of.stop, first, ends, bins, counts)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {"counts": self._all}

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        self._all.copy_(found["counts"])


def quantiles(
    counts: npt.NDArray[np.int64], at: tuple[float, ...], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Values below which the shares `at` of the counts `[n, BINS]` lie, `[n, len(at)]`, linear within a bin.

    `low` and `high` `[n]` are the smallest and largest values and close the outermost bins. A bin is at most 25 % wide
    (the two around 0: 2^-10 x 1.25), so a quantile is off by less than that; NaN for a neuron without counts.
    """
    n = len(counts)
    total = counts.sum(1)
    inner = edges()
    lower = np.clip(np.broadcast_to(inner[:-1], (n, BINS)), low[:, None], high[:, None])
    upper = np.clip(np.broadcast_to(inner[1:], (n, BINS)), low[:, None], high[:, None])
    ends = counts.cumsum(1)
    found = np.full((n, len(at)), np.nan)
    rows = np.arange(n)
    for place, share in enumerate(at):
        wanted = share * total
        bins = np.minimum((ends < wanted[:, None]).sum(1), BINS - 1)
        before = ends[rows, bins] - counts[rows, bins]
        held = np.maximum(counts[rows, bins], 1)
        inside = np.clip((wanted - before) / held, 0.0, 1.0)
        left, right = lower[rows, bins], upper[rows, bins]
        found[:, place] = np.where(total > 0, left + inside * (right - left), np.nan)
    return found
