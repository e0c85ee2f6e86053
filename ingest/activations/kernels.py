"""Loops over activations that the CPU runs compiled: each value is read once where tensor operations would read and
write it ten times.

Every kernel takes activations as bits: unsigned whole numbers `[b, length, n]` whose bits, moved left by `shift`, are
float32's (bfloat16 is the upper half of it). It works on the columns from `start` to `stop`, so that workers share a
layer out, and lets the other threads run meanwhile. What lies before position `first`, or from a window's end on
(`ends` int64 `[b]`), does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..compiled import compiled

Array = npt.NDArray[Any]
Ends = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bits:
    """Activations as the kernels read them."""

    words: npt.NDArray[Any]
    """uint16 or uint32 `[b, length, n]`, contiguous"""
    shift: np.uint32
    """bits to the left that make them float32"""

    @classmethod
    def of(cls, values: torch.Tensor) -> Bits:
        """Of a tensor on the CPU; neither bfloat16 nor float32 is copied."""
        if values.dtype == torch.bfloat16:
            return cls(values.contiguous().view(torch.int16).numpy().view(np.uint16), np.uint32(16))
        return cls(values.float().contiguous().view(torch.int32).numpy().view(np.uint32), np.uint32(0))

    def extremes(self, columns: slice, first: int, ends: Ends) -> tuple[torch.Tensor, torch.Tensor]:
        """Smallest and largest value of each window from position `first` to its end, float32 `[b, columns]`."""
        shape = (len(self.words), columns.stop - columns.start)
        low, high = np.empty(shape, np.float32), np.empty(shape, np.float32)
        extremes(self.words, self.shift, columns.start, columns.stop, first, ends, low, high)
        return torch.from_numpy(low), torch.from_numpy(high)


def _extremes(
    words: Array, shift: np.uint32, start: int, stop: int, first: int, ends: Ends, low: Array, high: Array
) -> None:
    """Smallest and largest value of each window: float32 `[b, stop - start]`."""
    bits = np.empty(stop - start, np.uint32)
    values = bits.view(np.float32)
    for window in range(words.shape[0]):
        least, most = low[window], high[window]
        least[:], most[:] = np.inf, -np.inf
        for at in range(first, ends[window]):
            row = words[window, at, start:stop]
            for j in range(len(row)):
                bits[j] = np.uint32(row[j]) << shift
            for j in range(len(row)):
                value = values[j]
                least[j] = value if value < least[j] else least[j]
                most[j] = value if value > most[j] else most[j]


def _powers(words: Array, shift: np.uint32, start: int, stop: int, first: int, ends: Ends, sums: Array) -> None:
    """Add x, x^2, x^3, x^4 to float64 `[4, n]`; the sums of a window are float32."""
    n = stop - start
    bits = np.empty(n, np.uint32)
    values = bits.view(np.float32)
    one, two = np.empty(n, np.float32), np.empty(n, np.float32)
    three, four = np.empty(n, np.float32), np.empty(n, np.float32)
    for window in range(words.shape[0]):
        one[:], two[:], three[:], four[:] = 0.0, 0.0, 0.0, 0.0
        for at in range(first, ends[window]):
            row = words[window, at, start:stop]
            for j in range(n):
                bits[j] = np.uint32(row[j]) << shift
            for j in range(n):
                value = values[j]
                square = value * value
                one[j] += value
                two[j] += square
                three[j] += square * value
                four[j] += square * square
        for j in range(n):
            sums[0, start + j] += one[j]
            sums[1, start + j] += two[j]
            sums[2, start + j] += three[j]
            sums[3, start + j] += four[j]


def _count(
    words: Array, shift: np.uint32, start: int, stop: int, first: int, ends: Ends, bins: Array, counts: Array
) -> None:
    """Add one to the bin of each value, int32 `[stop - start, bins]`; `bins` uint8 `[2048]` by float32's highest 11
    bits."""
    for window in range(words.shape[0]):
        for at in range(first, ends[window]):
            row = words[window, at, start:stop]
            for j in range(len(row)):
                counts[j, bins[((np.uint32(row[j]) << shift) >> 21) & 0x7FF]] += 1


def _tabulate(
    words: Array, shift: np.uint32, start: int, stop: int, slots: Array, sums: Array, low: Array, high: Array
) -> None:
    """Sum, smallest and largest value at each token, float32 `[t, n]`; `slots` int64 `[b, length]` are rows, or -1."""
    bits = np.empty(stop - start, np.uint32)
    values = bits.view(np.float32)
    for window in range(words.shape[0]):
        for at in range(words.shape[1]):
            slot = slots[window, at]
            if slot < 0:
                continue
            row = words[window, at, start:stop]
            for j in range(len(row)):
                bits[j] = np.uint32(row[j]) << shift
            total, least, most = sums[slot, start:stop], low[slot, start:stop], high[slot, start:stop]
            for j in range(len(row)):
                value = values[j]
                total[j] += value
                least[j] = value if value < least[j] else least[j]
                most[j] = value if value > most[j] else most[j]


def _divide(
    words: Array,
    shift: np.uint32,
    start: int,
    stop: int,
    roles: Array,
    sums: Array,
    low: Array,
    high: Array,
    above: Array,
    below: Array,
) -> None:
    """The same by role, `roles` int64 `[b, length]` or -1: float64 sums, and int64 counts of values above and below 0
    (above 2^-128 in size, as in the histogram). All are `[r, n]`."""
    bits = np.empty(stop - start, np.uint32)
    values = bits.view(np.float32)
    for window in range(words.shape[0]):
        for at in range(words.shape[1]):
            role = roles[window, at]
            if role < 0:
                continue
            row = words[window, at, start:stop]
            for j in range(len(row)):
                bits[j] = np.uint32(row[j]) << shift
            total, least, most = sums[role, start:stop], low[role, start:stop], high[role, start:stop]
            positive, negative = above[role, start:stop], below[role, start:stop]
            for j in range(len(row)):
                value = values[j]
                total[j] += value
                least[j] = value if value < least[j] else least[j]
                most[j] = value if value > most[j] else most[j]
                on = (bits[j] & 0x7FE00000) != 0
                positive[j] += on and value > 0
                negative[j] += on and value < 0


def _insert(
    words: Array,
    shift: np.uint32,
    start: int,
    first: int,
    ends: Ends,
    scores: Array,
    windows: Array,
    documents: Array,
    codes: Array,
    held: tuple[Array, ...],
) -> None:
    """Offer windows to neurons from `start` on, `scores` float32 `[b, m]`; `held` are their scores `[m, k]`, windows,
    documents, slots, bfloat16 bits `[m, k, most]` and codes of signs, which `codes` uint8 `[b, length, n]` brings
    unless it is empty; `most` is the length of a whole window. See Examples.offer."""
    best, numbers, origins, slots, kept, signs = held
    k = best.shape[1]
    for neuron in range(scores.shape[1]):
        ranks = best[neuron]
        for window in range(scores.shape[0]):
            score = scores[window, neuron]
            if not score > ranks[k - 1]:
                continue
            place = k - 1
            for rank in range(k):
                if origins[neuron, rank] == documents[window]:
                    place = rank
            if origins[neuron, place] == documents[window] and ranks[place] >= score:
                continue
            slot = slots[neuron, place]
            while place > 0 and ranks[place - 1] < score:
                ranks[place] = ranks[place - 1]
                numbers[neuron, place] = numbers[neuron, place - 1]
                origins[neuron, place] = origins[neuron, place - 1]
                slots[neuron, place] = slots[neuron, place - 1]
                place -= 1
            ranks[place], numbers[neuron, place] = score, windows[window]
            origins[neuron, place], slots[neuron, place] = documents[window], slot
            kept[neuron, slot, :] = 0
            for at in range(first, ends[window]):
                bits = np.uint32(words[window, at, start + neuron]) << shift
                kept[neuron, slot, at] = np.uint16((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)
            if codes.shape[1]:
                signs[neuron, slot, :] = 0
                for at in range(first, ends[window]):
                    signs[neuron, slot, at] = codes[window, at, start + neuron]


def _below(gate: Array, out: Array) -> None:
    """Whether each is not above 0: uint8."""
    for i in range(len(gate)):
        out[i] = gate[i] <= 0


def _encode(up: Array, out: Array) -> None:
    """Codes 1 to 4 of `_below`'s notes and the up projection."""
    for i in range(len(up)):
        out[i] = np.uint8(1) + np.uint8(2) * out[i] + np.uint8(up[i] <= 0)


def _combine(codes: Array, start: int, stop: int, first: int, ends: Ends, counts: Array) -> None:
    """Add the positions in each combination of signs to int64 `[4, n]`; `codes` uint8 `[b, length, n]` are 1 to 4."""
    n = stop - start
    gate, up, both = np.empty(n, np.uint16), np.empty(n, np.uint16), np.empty(n, np.uint16)
    for window in range(codes.shape[0]):
        gate[:], up[:], both[:] = 0, 0, 0
        seen = ends[window] - first
        for at in range(first, ends[window]):
            row = codes[window, at, start:stop]
            for j in range(n):
                gate[j] += row[j] <= 2
                up[j] += row[j] & 1
                both[j] += row[j] == 1
        for j in range(n):
            counts[0, start + j] += both[j]
            counts[1, start + j] += gate[j] - both[j]
            counts[2, start + j] += up[j] - both[j]
            counts[3, start + j] += seen - gate[j] - up[j] + both[j]


extremes = compiled(_extremes)
powers = compiled(_powers)
count = compiled(_count)
tabulate = compiled(_tabulate)
divide = compiled(_divide)
insert = compiled(_insert)
below = compiled(_below)
encode = compiled(_encode)
combine = compiled(_combine)
