"""The ranking by an L1-penalised logistic regression of each feature on all neurons together."""

from __future__ import annotations

import torch

from .classes import Classes
from .elastic import Solution, elastic
from .moments import class_moments
from .rankers import mean_difference

FIRST = 64
"""Neurons a feature begins with."""
C = 0.1


def l1_logistic(X: torch.Tensor, labels: torch.Tensor, C: float = C, tolerance: float = 1e-3) -> torch.Tensor:
    """|weight| of each neuron in the sparse regression, float64 `[n_features, n_neurons]`; most are 0.

    Of X `[n, n_neurons]`, labels `[n, n_features]`; the published ranker has L1, C = 0.1 and balanced classes.
    """
    return l1_solution(X, labels, C, tolerance).weight.abs()


def l1_solution(X: torch.Tensor, labels: torch.Tensor, C: float = C, tolerance: float = 1e-3) -> Solution:
    """The regression itself: that of `elastic` with l1_ratio 1, over all neurons.

    Most weights are 0, so it is solved over the neurons that may have one: first the strongest by mean difference,
    then also those whose slope at the solution exceeds the penalty, until there is none by more than `tolerance`.
    """
    classes = Classes.of(X, labels)
    strongest = mean_difference(class_moments(X, labels)).topk(min(FIRST, X.shape[1]), dim=1).indices
    chosen = torch.unique(strongest)
    start = None
    while True:
        found = elastic(X[:, chosen], classes, C, start=start, tolerance=tolerance)
        slope = _slopes(X, classes, C, chosen, found)
        slope[:, chosen] = 0.0
        missing = (slope.amax(0) > 1.0 + tolerance).nonzero()[:, 0]
        weight = torch.zeros(len(slope), X.shape[1], dtype=torch.float64, device=X.device)
        weight[:, chosen] = found.weight
        if not len(missing):
            return Solution(weight, found.bias, found.residual)
        chosen = torch.cat([chosen[found.weight.abs().amax(0) > 0], missing]).sort().values
        start = weight[:, chosen], found.bias


def _slopes(X: torch.Tensor, classes: Classes, C: float, chosen: torch.Tensor, found: Solution) -> torch.Tensor:
    """|slope of the loss| in every neuron's weight, `[n_features, n_neurons]`, float32 sums."""
    sign = classes.positive - classes.negative
    margin = sign * (found.weight @ X[:, chosen].double().T + found.bias[:, None])
    miss = torch.sigmoid(-margin) * classes.weights * C * sign
    return (miss.float() @ X.float()).abs().double()
