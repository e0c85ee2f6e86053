"""Unit vectors on disk in two halves, so that an exact search reads half of the bytes.

A float32 number is kept as its nearest bfloat16 (`high.i16`) and the 16 bits that are missing (`low.i16`). A search
multiplies the query with the high halves alone. How far such a product can be off is known, so the rows that may be
among the best are known too; their whole numbers decide. Nothing is lost: both halves together are the float32 number.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Vectors = npt.NDArray[np.float32]
Halves = npt.NDArray[np.int16]
HIGH, LOW = "high.i16", "low.i16"
BLOCK = 65_536
"""Rows whose whole numbers are put together at a time."""
ROUNDING = 2.0**-8
"""Relative rounding of a product that is stored as bfloat16."""


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
        slack = self._slack(query)
        found = np.flatnonzero(scores >= _threshold(scores, k, slack))
        exact = self._exact(found, query)
        if np.any(np.abs(exact - scores[found]) > slack + ROUNDING * np.abs(exact)):
            # A processor whose bfloat16 sums are not held in float32: its products decide nothing.
            found = np.flatnonzero(scores > -np.inf)
            exact = self._exact(found, query)
        best = np.lexsort((found, -exact))[:k]
        return found[best], exact[best].astype(np.float32)

    def _slack(self, query: Vectors) -> float:
        """How far a sum of rounded products can be from the true cosine, before it is rounded itself."""
        from ...ingest.lm_head.precision import accumulation

        lost = float(np.linalg.norm(query.astype(np.float64) - rounded(query)))
        return lost * (1 + self._error) + self._error + accumulation(len(query))

    def _exact(self, which: npt.NDArray[np.int64], query: Vectors) -> npt.NDArray[np.float64]:
        parts = [
            self.rows(which[start : start + BLOCK]).astype(np.float64) @ query.astype(np.float64)
            for start in range(0, len(which), BLOCK)
        ]
        return np.concatenate(parts) if parts else np.empty(0)


def mapped(path: Path, rows: int, dimensions: int) -> Halves:
    """A file of int16 `[rows, dimensions]`; changes stay in memory, which spares torch a warning."""
    if rows == 0:
        return np.empty((0, dimensions), np.int16)
    return np.memmap(path, np.int16, "c", shape=(rows, dimensions))


def rough(high: Halves, query: Vectors) -> Vectors:
    """Products of bfloat16 rows `[rows, dimensions]` with a query, float32 `[rows]`, each rounded to a bfloat16."""

    if len(high) == 0:
        return np.empty(0, np.float32)
    found: torch.Tensor = _bfloat16(high) @ _bfloat16(split(query)[0])
    return np.asarray(found.float().numpy())


def _bfloat16(high: Halves) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.asarray(high)).view(torch.bfloat16)


def _threshold(scores: Vectors, k: int, slack: float) -> float:
    """Below it no row can be among the best `k`: the k-th best may be too low by its error, another by its own."""
    kth = float(np.partition(scores, len(scores) - k)[len(scores) - k])
    # |product - true| <= slack + ROUNDING |true|, so true >= (product - slack) / (1 +- ROUNDING).
    low = kth - slack
    least = low / (1 + ROUNDING) if low >= 0 else low / (1 - ROUNDING)
    return least * (1 - ROUNDING) - slack if least >= 0 else least * (1 + ROUNDING) - slack
