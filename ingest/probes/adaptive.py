"""Supports by adaptive thresholding: fit on many neurons, keep the heaviest, fit again on those."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from .classes import Classes
from .elastic import elastic
from .moments import class_moments
from .rankers import mean_difference

SCALE = 20.0


def k_list(n_neurons: int, most: int) -> list[int]:
    """The published sizes: 1 to 8, 10, 12, then powers of two from 16, and all neurons; those up to `most`."""
    powers = [2**i for i in range(4, n_neurons.bit_length()) if 2**i < n_neurons]
    sizes = [*range(1, 9), 10, 12, *powers, n_neurons]
    return sorted({k for k in sizes if k <= min(most, n_neurons)})


def adaptive(X: torch.Tensor, y: torch.Tensor, ks: Iterable[int], tolerance: float = 1e-3) -> dict[int, torch.Tensor]:
    """A support of each size for one feature, y `[n]`, of X `[n, n_neurons]`: int64 `[k]`, the strongest first.

    The telescopic sweep of Gurnee et al. 2023: neurons are ranked by mean difference; for each size k, the largest
    first, the k best are fitted by a balanced elastic net with C = k / 20 and an L1 share of exp(-k / 20) within
    0.1 and 0.9, and ranked anew by the size of their weights, those outside and those of equal weight by their
    former order. The support of k is what the fit of k started from. Largest k first, so each support holds the next.
    """
    labels = y[:, None]
    classes = Classes.of(X, labels)
    order = mean_difference(class_moments(X, labels))[0].argsort(descending=True, stable=True)
    found: dict[int, torch.Tensor] = {}
    start = None
    for k in sorted(set(ks), reverse=True):
        support = order[:k]
        ratio = min(max(math.exp(-k / SCALE), 0.1), 0.9)
        if start is not None:
            start = start[0][:, :k], start[1]
        fit = elastic(X[:, support], classes, k / SCALE, ratio, start, tolerance)
        heavy = fit.weight[0].abs().argsort(descending=True, stable=True)
        order = support[heavy]
        start = fit.weight[:, heavy], fit.bias
        found[k] = order
    return found
