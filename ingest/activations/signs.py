"""The four combinations of signs of a gated neuron's gate and up projections.

The hidden value is act(gate) x up. Where the sign of act(gate) is the gate's, as with SiLU and GELU, pole +1 holds the
combinations P and n, pole -1 holds p and N; ReLU makes N and n exactly 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from . import kernels
from .kernels import Ends

LETTERS = "_PpNn"
"""By code. P: gate above 0, p: the same; N, n: gate not above 0. A capital: up above 0. _: BOS, left out."""
COMBINATIONS = LETTERS[1:]

Codes = npt.NDArray[np.uint8]


def begin(gate: torch.Tensor, out: torch.Tensor) -> None:
    """Note in `out`, uint8 of the same shape, where a gate projection `[b, length, n]` is not above 0."""
    if gate.device.type == "cpu":
        kernels.below(_whole(gate), out.view(-1).numpy())
    else:
        torch.le(gate, 0, out=out.view(torch.bool))


def complete(up: torch.Tensor, out: torch.Tensor) -> None:
    """Make of `begin`'s notes the codes, with the up projection's signs."""
    if up.device.type == "cpu":
        kernels.encode(_whole(up), out.view(-1).numpy())
    else:
        out.mul_(2).add_(up <= 0).add_(1)


def _whole(values: torch.Tensor) -> npt.NDArray[np.signedinteger[Any]]:
    """Floats as whole numbers of the same sign, end to end: 0 is 0, and -0.0 below it."""
    size = torch.int16 if values.element_size() == 2 else torch.int32
    found: npt.NDArray[np.signedinteger[Any]] = values.contiguous().view(size).view(-1).numpy()
    return found


class SignCounts:
    """Positions of `n` neurons in each combination, int64 `[4, n]`."""

    def __init__(self, n: int, device: torch.device) -> None:
        self.counts = torch.zeros(4, n, dtype=torch.int64, device=device)

    def take(self, codes: torch.Tensor) -> None:
        """Add codes uint8 `[b, length, n]`; 0 counts for none."""
        for number in range(4):
            self.counts[number] += (codes == number + 1).sum((0, 1))

    def add(self, codes: Codes, columns: slice, first: int, ends: Ends) -> None:
        """The same of some neurons on a CPU, from position `first` to each window's end."""
        kernels.combine(codes, columns.start, columns.stop, first, ends, self.counts.numpy())

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {"counts": self.counts}

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        self.counts.copy_(found["counts"])


def texts(codes: Codes, lengths: npt.NDArray[np.integer]) -> pa.Array:
    """The first `lengths` codes of each row of `[rows, length]` as texts, a letter a token."""
    inside = np.arange(codes.shape[1]) < lengths[:, None]
    letters = np.frombuffer(LETTERS.encode(), np.uint8)[codes[inside]]
    ends = np.concatenate([[0], lengths.cumsum()]).astype(np.int32)
    return pa.StringArray.from_buffers(len(codes), pa.py_buffer(ends), pa.py_buffer(letters))
