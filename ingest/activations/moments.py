"""Sums of powers and extremes of every neuron's values."""

from __future__ import annotations

import torch

from . import kernels
from .kernels import Bits, Ends


class Moments:
    """Of `n` neurons. Sums of a batch are float32, sums over batches float64."""

    def __init__(self, n: int, device: torch.device) -> None:
        self.count = 0
        """values of each neuron; who hands out parts counts for them"""
        self.sums = torch.zeros(4, n, dtype=torch.float64, device=device)
        """sums of x, x^2, x^3, x^4"""
        self.low = torch.full((n,), torch.inf, device=device)
        self.high = torch.full((n,), -torch.inf, device=device)

    def take(self, values: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> None:
        """Add values float32 `[m, n]`, 0 where one does not count; `low` and `high` float32 `[w, n]` hold the extremes
        of those that count."""
        square = values * values
        self.sums[0] += values.sum(0)
        self.sums[1] += square.sum(0)
        self.sums[2] += (square * values).sum(0)
        self.sums[3] += square.mul_(square).sum(0)
        torch.minimum(self.low, low.amin(0), out=self.low)
        torch.maximum(self.high, high.amax(0), out=self.high)

    def add(self, values: Bits, columns: slice, first: int, ends: Ends, low: torch.Tensor, high: torch.Tensor) -> None:
        """The same of some neurons on a CPU, from position `first` to windows' ends; a window's sums are float32."""
        kernels.powers(values.words, values.shift, columns.start, columns.stop, first, ends, self.sums.numpy())
        torch.minimum(self.low[columns], low.amin(0), out=self.low[columns])
        torch.maximum(self.high[columns], high.amax(0), out=self.high[columns])

    def central(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Mean, standard deviation, skewness and excess kurtosis, float64 `[n]`; NaN where a neuron never varied."""
        mean, second, third, fourth = self.sums / self.count
        variance = (second - mean**2).clamp(min=0.0)
        m3 = third - 3 * mean * second + 2 * mean**3
        m4 = fourth - 4 * mean * third + 6 * mean**2 * second - 3 * mean**4
        # Below float32's own rounding of the sums nothing is left of a variance.
        still = variance <= 1e-12 * second
        variance = torch.where(still, torch.zeros_like(variance), variance)
        return mean, variance.sqrt(), m3 / variance**1.5, m4 / variance**2 - 3.0

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {
            "count": torch.tensor(self.count),
            "sums": self.sums,
            "low": self.low,
            "high": self.high,
        }

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        self.count = int(found["count"])
        for name in ("sums", "low", "high"):
            getattr(self, name).copy_(found[name])
