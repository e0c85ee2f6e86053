"""The scale on which probes are fitted."""

from __future__ import annotations

import torch

from .classes import blocks

DEVIATIONS = 10.0
FLOOR = 1e-3


def scale(X: torch.Tensor) -> torch.Tensor:
    """What the published probes divide each neuron by: 10 max(standard deviation, 1e-3) over the points fitted on.

    Of X `[n, n_neurons]`: float32 `[n_neurons]`. Nothing is centred, so a value of 0 stays 0; a silent neuron stays
    small. Divide the points chosen and reported on by the same.
    """
    found = torch.empty(X.shape[1], dtype=torch.float64, device=X.device)
    for part in blocks(X.shape[1], 2 * len(X), X.device):
        found[part] = X[:, part].double().std(0, correction=0)
    return (DEVIATIONS * found.clamp(min=FLOOR)).float()
