"""Unit vectors on disk in two halves, so that an exact search reads half of the bytes.

A float32 number is kept as its nearest bfloat16 (`high.i16`) and the 16 bits that are missing (`low.i16`). A search
multiplies the query with the high halves alone. How far such a product can be off is known, so the rows that may be
among the best are known too; their whole numbers decide. Nothing is lost: both halves together are the float32 number.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Halves = npt.NDArray[np.int16]
HIGH, LOW = "high.i16", "low.i16"
BLOCK = 65_536
"""Rows whose whole numbers are put together at a time."""
ROUGH = 1_024
"""Rows that are multiplied at a time: as float32 they stay in a core's cache."""


def split(vectors: Vectors) -> tuple[Halves, Halves]:
    """The nearest bfloat16 and the bits that are missing, both as int16 of the same shape. Finite numbers alone."""
    bits = np.ascontiguousarray(vectors, "<f4").view(np.uint32)
    high = ((bits + np.uint32(0x8000)) >> np.uint32(16)).astype(np.uint16)
    return high.view(np.int16), bits.astype(np.uint16).view(np.int16)


def join(high: Halves, low: Halves) -> Vectors:
    """The float32 numbers, bit for bit."""
    return ((high.astype(np.int32) << 16) + low.astype(np.int32)).view(np.float32)


def rounded(vectors: Vectors) -> Vectors:
    """The nearest bfloat16 of each number, as float32."""
    high = split(vectors)[0]
    return join(high, np.zeros_like(high))


class PlaneWriter:
    """Writes rows block by block. `error` is then the largest length of what rounding takes from a row."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.rows = 0
        self.error = 0.0

    def write(self, blocks: Iterable[Vectors]) -> None:
        """Append all blocks, float32 `[*, dimensions]`."""
        with (self._folder / HIGH).open("wb") as high, (self._folder / LOW).open("wb") as low:
            for block in blocks:
                for file, half in zip((high, low), split(block), strict=True):
                    file.write(half.tobytes())
                if len(block):
                    lost = np.linalg.norm(block.astype(np.float64) - rounded(block), axis=1).max()
                    self.error = max(self.error, float(lost))
                self.rows += len(block)


class Planes:
    """Rows float32 `[rows, dimensions]`, memory-mapped."""

    def __init__(self, high: Halves, low: Halves, error: float) -> None:
        self._high, self._low = high, low
        self._error = error

    @classmethod
    def open(cls, folder: Path, rows: int, dimensions: int, error: float) -> Planes:
        """The rows in a folder that a PlaneWriter filled."""
        return cls(mapped(folder / HIGH, rows, dimensions), mapped(folder / LOW, rows, dimensions), error)

    @classmethod
    def of(cls, vectors: Vectors) -> Planes:
        """Rows in memory."""
        lost = np.linalg.norm(vectors.astype(np.float64) - rounded(vectors), axis=1)
        return cls(*split(vectors), float(lost.max(initial=0.0)))

    def __len__(self) -> int:
        return len(self._high)

    def rows(self, which: npt.NDArray[np.int64]) -> Vectors:
        """The rows with these numbers, whole: float32 `[len(which), dimensions]`."""
        return join(self._high[which], self._low[which])

    def rough(self, query: Vectors) -> Vectors:
        """Cosines from the high halves alone, float32 `[rows]`."""
        return rough(self._high, query)

    def nearest(
        self, query: Vectors, k: int, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[npt.NDArray[np.int64], Vectors]:
        """The `k` rows with the largest cosines to a unit vector, best first, equal ones by number; and the cosines.

        `allowed` bool `[rows]` leaves rows out. The order is that of the whole numbers' float64 products.
        """
        scores = self.rough(query)
        if allowed is not None:
            scores[~allowed] = -np.inf
        k = min(k, len(scores) if allowed is None else int(allowed.sum()))
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        # The k-th best may be too low by its error, another by its own.
        kth = np.partition(scores, len(scores) - k)[len(scores) - k]
        found = np.flatnonzero(scores >= kth - 2 * self._slack(query))
        exact = self._exact(found, query)
        best = np.lexsort((found, -exact))[:k]
        return found[best], exact[best].astype(np.float32)

    def _slack(self, query: Vectors) -> float:
        """How far a product of rounded numbers can be from the true cosine."""
        lost = float(np.linalg.norm(query.astype(np.float64) - rounded(query)))
        # A float32 sum of n products is off by n 2^-24 in any order (Higham 2002, section 3.1); here twice that.
        return lost * (1 + self._error) + self._error + len(query) * 2.0**-23

    def _exact(self, which: npt.NDArray[np.int64], query: Vectors) -> npt.NDArray[np.float64]:
        parts = [
            self.rows(which[start : start + BLOCK]).astype(np.float64) @ query.astype(np.float64)
            for start in range(0, len(which), BLOCK)
        ]
        return np.concatenate(parts) if parts else np.empty(0)


def mapped(path: Path, rows: int, dimensions: int) -> Halves:
    """A file of int16 `[rows, dimensions]`."""
    if rows == 0:
        return np.empty((0, dimensions), np.int16)
    return np.memmap(path, np.int16, "r", shape=(rows, dimensions))


def rough(high: Halves, query: Vectors) -> Vectors:
    """Products of bfloat16 rows `[rows, dimensions]` with a query that is rounded to bfloat16, float32 `[rows]`."""
    if high.shape[1] % 2:
        zero = np.zeros((1, 1), np.int16)
        high, query = np.hstack([high, np.broadcast_to(zero, (len(high), 1))]), np.append(query, np.float32(0))
    query = rounded(query)
    first, second = np.ascontiguousarray(query[0::2]), np.ascontiguousarray(query[1::2])
    # Two bfloat16 lie in four bytes; either is a float32 once the other's bits are zero.
    pairs = np.asarray(high).view("<u4")
    room = np.empty((min(ROUGH, len(pairs)), pairs.shape[1]), "<u4")
    found = np.empty(len(pairs), np.float32)
    for start in range(0, len(pairs), ROUGH):
        some = pairs[start : start + ROUGH]
        half = room[: len(some)]
        np.left_shift(some, 16, out=half)
        found[start : start + ROUGH] = half.view("<f4") @ first
        np.bitwise_and(some, np.uint32(0xFFFF0000), out=half)
        found[start : start + ROUGH] += half.view("<f4") @ second
    return found
