"""How every neuron answers in each role's turns of a chat."""

from __future__ import annotations

import torch

from . import kernels
from .kernels import Bits

_ON = 2.0**-128
"""Size from which a value is on: what is below is a zero in the histogram too."""


class RoleSums:
    """Of `n` neurons in the turns of `r` roles, all `[r, n]`: float64 sums, float32 smallest and largest value, and
    int64 counts of values above and below 0."""

    def __init__(self, r: int, n: int, device: torch.device) -> None:
        self.sums = torch.zeros(r, n, dtype=torch.float64, device=device)
        self.low = torch.full((r, n), torch.inf, device=device)
        self.high = torch.full((r, n), -torch.inf, device=device)
        self.above = torch.zeros(r, n, dtype=torch.int64, device=device)
        self.below = torch.zeros(r, n, dtype=torch.int64, device=device)

    def take(self, values: torch.Tensor, roles: torch.Tensor) -> None:
        """Add values float32 `[m, n]` of the roles int64 `[m]`, -1 for none. Sums of a batch are float32."""
        for role in range(len(self.sums)):
            own = values[roles == role]
            if len(own):
                self.sums[role] += own.sum(0)
                torch.minimum(self.low[role], own.amin(0), out=self.low[role])
                torch.maximum(self.high[role], own.amax(0), out=self.high[role])
                self.above[role] += (own >= _ON).sum(0)
                self.below[role] += (own <= -_ON).sum(0)

    def add(self, values: Bits, columns: slice, roles: torch.Tensor) -> None:
        """The same of some neurons on a CPU; `roles` int64 `[b, length]`. Sums are float64 throughout."""
        part = (values.words, values.shift, columns.start, columns.stop, roles.numpy())
        kernels.divide(*part, *(state.numpy() for state in self.tensors().values()))

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {"sums": self.sums, "low": self.low, "high": self.high, "above": self.above, "below": self.below}

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        for name, tensor in self.tensors().items():
            tensor.copy_(found[name])
