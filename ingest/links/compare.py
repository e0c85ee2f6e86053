"""How alike two sets of rows, and two sets of token lists, are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

ROWS = 2048
"""Rows taken to float64 at a time."""


def row_cosines(base: torch.Tensor, tuned: torch.Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cosine of each pair of rows `[n, d]`, and ||tuned - base|| / ||base||, both `[n]`, computed in float64.

    Equal rows have cosine exactly 1 and change exactly 0; a zero row has cosine 0 with any other.
    """
    import torch

    cosines, deltas = [], []
    for start in range(0, len(base), ROWS):
        a, b = (rows[start : start + ROWS].to(torch.float64) for rows in (base, tuned))
        norm_a, norm_b = a.norm(dim=1), b.norm(dim=1)
        change = (b - a).norm(dim=1)
        cosine = (a * b).sum(dim=1) / (norm_a * norm_b).clamp_min(torch.finfo(torch.float64).tiny)
        cosines.append(torch.where(change == 0, 1.0, cosine.clamp(-1, 1)).numpy())
        deltas.append((change / norm_a.clamp_min(torch.finfo(torch.float64).tiny)).numpy())
    return np.concatenate(cosines), np.concatenate(deltas)


def noisy(base: torch.Tensor, tuned: torch.Tensor, seed: int) -> torch.Tensor:
    """The base's rows `[n, d]`, each moved in a random direction as far as the fine-tune moved it, float32.

    The direction is an isotropic Gaussian scaled to ||tuned - base|| of the row, so the row's cosine is what noise of
    that size gives.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    a, b = base.to(torch.float32), tuned.to(torch.float32)
    noise = torch.randn(a.shape, generator=generator)
    moved: torch.Tensor = a + noise * ((b - a).norm(dim=1) / noise.norm(dim=1)).unsqueeze(1)
    return moved


def same_top(base: NDArray[np.int64], tuned: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the first tokens agree: `[n, k]` token numbers each, strongest first -> `[n]`."""
    return np.asarray(base[:, 0] == tuned[:, 0])


def jaccard(base: NDArray[np.int64], tuned: NDArray[np.int64]) -> NDArray[np.float64]:
    """|A and B| / |A or B| of the top-k tokens of each row, `[n, k]` each, no token twice in a row -> `[n]`."""
    shared = (base[:, :, None] == tuned[:, None, :]).sum(axis=(1, 2))
    return np.asarray(shared / (base.shape[1] + tuned.shape[1] - shared), dtype=np.float64)
