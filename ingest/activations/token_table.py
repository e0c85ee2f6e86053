"""How every neuron answers to each frequent token."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import torch

from . import kernels
from .kernels import Bits

BYTES = 12
"""Of one neuron and token: a sum, a largest and a smallest value in float32."""


def frequent(counts: npt.NDArray[np.int64], least: int, room: int) -> npt.NDArray[np.int64]:
    """Numbers of the tokens seen `least` times or more, at most `room`, the most frequent; ascending."""
    seen = np.flatnonzero(counts >= least)
    order = np.lexsort((seen, -counts[seen]))[:room]
    return np.sort(seen[order])


class TokenTable:
    """Sum, largest and smallest value of `n` neurons at each of `t` tokens, float32 `[t, n]`."""

    def __init__(self, t: int, n: int, device: torch.device) -> None:
        self.sums = torch.zeros(t, n, device=device)
        self.high = torch.full((t, n), -torch.inf, device=device)
        self.low = torch.full((t, n), torch.inf, device=device)

    def take(self, values: torch.Tensor, slots: torch.Tensor) -> None:
        """Add values float32 `[m, n]` at the table's rows `slots` int64 `[m]`."""
        self.sums.index_add_(0, slots, values)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "index_reduce")
            self.high.index_reduce_(0, slots, values, "amax")
            self.low.index_reduce_(0, slots, values, "amin")

    def add(self, values: Bits, columns: slice, slots: torch.Tensor) -> None:
        """The same of some neurons on a CPU; `slots` int64 `[b, length]`, -1 where a token is not in the table."""
        part = (values.words, values.shift, columns.start, columns.stop, slots.numpy())
        kernels.tabulate(*part, self.sums.numpy(), self.low.numpy(), self.high.numpy())

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {"sums": self.sums, "high": self.high, "low": self.low}

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        for name, tensor in self.tensors().items():
            tensor.copy_(found[name])
