"""The unembedding over the ranked vocabulary, with what the decoding needs to know of it once."""

from __future__ import annotations

import hashlib
import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from ...schema import ModelError
from ..subject.checkpoint import Checkpoint

if TYPE_CHECKING:
    from .screen import Screen

STEP = 4096


@dataclass(frozen=True)
class Unembedding:
    """Rows of the ranked tokens, as stored. A position is a row's place here; `ids` turns it into a token id."""

    ids: torch.Tensor
    """int64 `[n]`, ascending, so that ties by position are ties by token id"""
    rows: torch.Tensor
    """`[n, d_model]`, stored dtype"""
    mean: torch.Tensor
    """float64 `[d_model]`: mean row"""
    covariance: torch.Tensor
    """float64 `[d_model, d_model]` of the rows, over n"""
    max_norm: float
    """length of the longest row"""
    words: torch.Tensor
    """int64 `[n]`: tokens that write the same case-folded word share a number; -1 for one without letters"""
    _cast: dict[torch.dtype, tuple[torch.Tensor, float]] = field(default_factory=dict, repr=False)
    _scratch: dict[str, torch.Tensor] = field(default_factory=dict, repr=False)
    screens: list[Screen | None] = field(default_factory=list, repr=False)
    """the rows in int8, once asked for, see `screen.screen_of`"""
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    """several workers may want what is made once"""

    @classmethod
    def of(
        cls, rows: torch.Tensor, ids: npt.NDArray[np.int64] | None = None, words: npt.NDArray[np.int64] | None = None
    ) -> Unembedding:
        """From the ranked rows `[n, d_model]` at hand; `ids` are 0..n-1 and all words differ unless given."""
        n = rows.shape[0]
        numbers = np.arange(n) if ids is None else ids
        words = np.arange(n) if words is None else words
        return cls._with(rows, numbers, words, _moments(rows))

    @classmethod
    def _with(
        cls, rows: torch.Tensor, ids: npt.NDArray[np.int64], words: npt.NDArray[np.int64], moments: _Moments
    ) -> Unembedding:
        mean, covariance, longest = moments
        if not np.isfinite(longest):
            raise ModelError("the unembedding holds values that are not finite; the checkpoint is damaged")
        device = rows.device
        return cls(
            torch.from_numpy(ids.astype(np.int64)).to(device),
            rows,
            mean,
            covariance,
            longest,
            torch.from_numpy(words.astype(np.int64)).to(device),
        )

    @classmethod
    def read(
        cls,
        checkpoint: Checkpoint,
        name: str,
        ranked: npt.NDArray[np.bool_],
        words: npt.NDArray[np.int64],
        device: str = "auto",
    ) -> Unembedding:
        """Read the rows of the `ranked` tokens (bool `[d_vocab]`); `words` is `[d_vocab]`. Read in slices, so that
        the whole matrix is never held twice."""
        ids = np.flatnonzero(ranked)
        if not len(ids):
            raise ModelError(f"{checkpoint.folder}: no token is left to rank; lift the token mask")
        width = checkpoint.info(name).shape[1]
        dtype = checkpoint.rows(name, 0, 1).dtype
        rows = torch.empty(len(ids), width, dtype=dtype, device=torch_device(device))
        at = 0
        for start in range(0, len(ranked), STEP):
            keep = torch.from_numpy(ranked[start : start + STEP])
            piece = checkpoint.rows(name, start, min(len(ranked), start + STEP))[keep]
            rows[at : at + len(piece)] = piece
            at += len(piece)
        key = checkpoint.digest(name), hashlib.sha256(ranked.tobytes()).hexdigest(), str(rows.device)
        if key not in _known:
            _known[key] = _moments(rows)
            if len(_known) > 4:
                del _known[next(iter(_known))]
        return cls._with(rows, ids, words[ids], _known[key])

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def cast(self, dtype: torch.dtype) -> tuple[torch.Tensor, float]:
        """The rows in `dtype`, and the length of the longest rounding residual of a row (0 when exact)."""
        if dtype == self.rows.dtype:
            return self.rows, 0.0
        with self.lock:
            if dtype not in self._cast:
                rows = self.rows.to(dtype)
                residual = max(
                    float((self.rows[i : i + STEP].double() - rows[i : i + STEP].double()).norm(dim=1).max())
                    for i in range(0, len(self), STEP)
                )
                self._cast[dtype] = rows, residual
            return self._cast[dtype]

    def scratch(self, shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
        """Memory for scores, kept from call to call: fresh pages for every projection cost as much as the
        selection does. One decoding at a time may use it."""
        size = math.prod(shape) * dtype.itemsize
        held = self._scratch.get("scores")
        if held is None or held.numel() < size:
            self._scratch.clear()
            held = self._scratch["scores"] = torch.empty(size, dtype=torch.uint8, device=self.rows.device)
        return held[:size].view(dtype).view(shape)


def torch_device(name: str) -> torch.device:
    """The device a setting names; `auto` is the first GPU, else the CPU. Raises ModelError."""
    try:
        found = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
    except RuntimeError:
        raise ModelError(f"unknown device {name!r}; expected cpu, cuda, cuda:1 or auto") from None
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ModelError(f"device is {name!r}, but no GPU is there; use --device cpu")
    return found


_Moments = tuple[torch.Tensor, torch.Tensor, float]
_known: dict[tuple[str, str, str], _Moments] = {}
"""Moments worked out in this process, by the digests of the tensor and of the ranked tokens and the device: a
fine-tune's unembedding is often its base's."""


def _moments(rows: torch.Tensor) -> _Moments:
    """Mean, covariance and longest row in float64, block by block."""
    n, width = rows.shape
    total = torch.zeros(width, dtype=torch.float64, device=rows.device)
    longest = torch.zeros((), dtype=torch.float64, device=rows.device)
    for start in range(0, n, STEP):
        block = rows[start : start + STEP].double()
        total += block.sum(0)
        longest = torch.maximum(longest, block.norm(dim=1).max())
    mean = total / n
    gram = torch.zeros(width, width, dtype=torch.float64, device=rows.device)
    for start in range(0, n, STEP):
        block = rows[start : start + STEP].double() - mean
        gram.addmm_(block.T, block)
    return mean, gram / n, float(longest)
