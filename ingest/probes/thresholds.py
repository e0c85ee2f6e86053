"""Probes that fit nothing but a threshold: the one with the highest F1."""

from __future__ import annotations

import torch

from .classes import Classes, each, rows
from .one_sparse import Fits


def best_threshold(X: torch.Tensor, labels: torch.Tensor) -> Fits:
    """For each feature and neuron of X `[n, n_neurons]`, labels `[n, n_features]`: yes above, or yes below, the value
    with the highest F1 on these points, from one sort a neuron.

    Weight 1 is yes above, -1 yes below; the threshold lies halfway between two values. Weight 0 with bias 1 is yes to
    all, where nothing beats that. Of equal F1 the answer that picks more points is taken, above before below.
    """
    classes = Classes.of(X, labels)
    empty = torch.empty(len(classes.count), X.shape[1], dtype=torch.float64, device=X.device)
    fits = Fits(empty, torch.empty_like(empty), torch.ones_like(empty, dtype=torch.bool))
    for points, features in classes.groups():
        positive = classes.positive[features][:, points]

        def work(
            part: slice, points: torch.Tensor = points, positive: torch.Tensor = positive
        ) -> tuple[torch.Tensor, torch.Tensor]:
            x = rows(X, part, points)
            (up, above), (down, below) = _best(x, positive), _best(-x, positive)
            turned = up < down
            bar = torch.where(turned, below, above)
            return torch.where(bar.isinf(), 0.0, 1.0 - 2.0 * turned.double()).T, torch.where(bar.isinf(), 1.0, -bar).T

        for part, (weight, bias) in each(work, X.shape[1], 2 * positive.numel(), X.device):
            fits.weight[features, part], fits.bias[features, part] = weight, bias
    return fits


def _best(x: torch.Tensor, positive: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Highest F1 of x > bar, and that bar, -inf for all: float64 `[n_neurons, n_features]`; x `[n_neurons, n]`."""
    values, order = x.sort(dim=1, descending=True)
    hits = positive[:, order].cumsum(2, dtype=torch.float64)
    picked = torch.arange(1, x.shape[1] + 1, device=x.device)
    f1 = 2 * hits / (picked + hits[:, :, -1:])
    # Equal values are picked together or not at all.
    f1[:, :, :-1].masked_fill_((values[:, :-1] == values[:, 1:])[None], -1.0)
    turned = f1.flip(2).max(dim=2)
    last = x.shape[1] - 1 - turned.indices
    values = torch.cat([values.double(), torch.full_like(values[:, :1], -torch.inf).double()], dim=1)
    bar = (values.gather(1, last.T) + values.gather(1, last.T + 1)) / 2
    return turned.values.T, bar
