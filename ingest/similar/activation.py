"""Likeness of what neurons do: Pearson correlation of activations at the same places of the same text."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from ..lm_head.precision import accumulation
from .captured import read_captured
from .measure import Products
from .shuffled import seed_of

STEP = 2048
"""Positions whose products are summed in float32; the sums of the steps are added in float64."""
STILL = 1e-7
"""A neuron whose spread is below this share of its size does nothing that could be told from rounding."""


@dataclass
class Activations(Products):
    """Pearson correlation over the aligned positions. The control is the other model's layer in a random basis.

    A profile is a neuron's activations with mean 0 and length 1, so the correlation is a product of profiles. The
    control multiplies the layer's raw activations by a Gaussian matrix with columns of length 1 (Gurnee et al. 2024,
    arXiv 2401.12181): as many random directions of the same space, so the excess of the best match over the best with
    the control is what the single neurons have beyond the space they span.
    """

    first: Path
    second: Path
    """folders of what was captured"""
    seed: int

    def left(self, layer: int) -> torch.Tensor:
        return standardised(read_captured(self.first, layer).to(self.device))

    def right(self, layer: int, draw: int | None) -> torch.Tensor:
        values = read_captured(self.second, layer).to(self.device)
        return standardised(
            values if draw is None else values @ self._directions(values, seed_of(self.seed, draw, layer))
        )

    def block(self, a: int, rows: slice, b: int, draw: int | None = None) -> torch.Tensor:
        left, right = self._left(a)[rows], self._right(b, draw)
        if left.shape[1] <= STEP:
            return left @ right.T
        total = torch.zeros(len(left), len(right), dtype=torch.float64, device=self.device)
        for start in range(0, left.shape[1], STEP):
            total += left[:, start : start + STEP] @ right[:, start : start + STEP].T
        return total.float()

    def slack(self) -> float:
        # By Cauchy-Schwarz the errors of the steps add up to no more than that of one step of unit vectors.
        return accumulation(STEP) + 2.0**-23

    @staticmethod
    def _directions(values: torch.Tensor, seed: int) -> torch.Tensor:
        n = values.shape[1]
        found = torch.randn(n, n, generator=torch.Generator().manual_seed(seed)).to(values.device)
        return found.div_(found.norm(dim=0))


def standardised(values: torch.Tensor) -> torch.Tensor:
    """float32 `[n, positions]` of `[positions, n]`: each neuron with mean 0 and length 1 in float64; a still one 0."""
    found = values.T.double()
    size = found.norm(dim=1, keepdim=True)
    found = found - found.mean(1, keepdim=True)
    length = found.norm(dim=1, keepdim=True)
    return torch.where(length > STILL * size, found / length.clamp(min=1e-300), 0.0).float()
