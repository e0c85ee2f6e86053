"""Count, mean and variance of every neuron within each class of every feature, from two matrix products."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .classes import Classes, each


@dataclass(frozen=True)
class ClassMoments:
    """Second axis: the points without the feature, those with it."""

    count: torch.Tensor
    """int64 `[n_features, 2]`"""
    mean: torch.Tensor
    """float64 `[n_features, 2, n_neurons]`"""
    variance: torch.Tensor
    """float64 `[n_features, 2, n_neurons]`: of the population, so divided by the count"""


def class_moments(X: torch.Tensor, labels: torch.Tensor) -> ClassMoments:
    """Of X `[n, n_neurons]` and labels `[n, n_features]`: the class masks times X - c and times (X - c)^2.

    Products and sums are float64, c is the neuron's mean rounded to float32: float32 values are exact in it, and a
    neuron that never varies gets a variance of exactly 0. A mean is off by at most n 2^-53 of the mean |x - c|; a
    variance below n 2^-52 of the mean square about c is rounding, and is given as 0.
    """
    classes = Classes.of(X, labels)
    masks = torch.cat([classes.negative, classes.positive]).double()
    count = classes.count.T.reshape(-1, 1).double()
    shape = (len(masks), X.shape[1])
    mean, variance = (torch.empty(shape, dtype=torch.float64, device=X.device) for _ in range(2))

    def work(part: slice) -> tuple[torch.Tensor, torch.Tensor]:
        values = X[:, part].double()
        centre = values.mean(0).float().double()
        values -= centre
        first = masks @ values / count
        second = masks @ values.square_() / count
        spread = second - first**2
        return first + centre, torch.where(spread <= len(X) * 2.0**-52 * second, 0.0, spread)

    for part, found in each(work, X.shape[1], len(X), X.device):
        mean[:, part], variance[:, part] = found
    mean, variance = (of.view(2, -1, X.shape[1]).transpose(0, 1) for of in (mean, variance))
    return ClassMoments(classes.count, mean, variance)
