"""How well every neuron alone tells every feature: counts at the probe's threshold, and the area under its curve."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .classes import Classes, each, rows
from .one_sparse import Fits


@dataclass(frozen=True)
class Metrics:
    """Of each pair, float64 `[n_features, n_neurons]`; a ratio of nothing to nothing is 0, as in scikit-learn."""

    hits: torch.Tensor
    """points with the feature that are picked"""
    false_hits: torch.Tensor
    """points without it that are picked"""
    count: torch.Tensor
    """int64 `[n_features, 2]`: points without the feature, with it"""
    auc: torch.Tensor
    """area under the ROC curve of weight x + bias: how often a point with the feature scores above one without, ties
    counting half; 0.5 where the weight is 0"""

    @property
    def precision(self) -> torch.Tensor:
        """Share of the picked that have the feature."""
        return _ratio(self.hits, self.hits + self.false_hits)

    @property
    def recall(self) -> torch.Tensor:
        """Share of those with the feature that are picked."""
        return self.hits / self.count[:, 1:]

    @property
    def f1(self) -> torch.Tensor:
        """2 precision recall / (precision + recall)."""
        return 2 * self.hits / (self.hits + self.false_hits + self.count[:, 1:])

    @property
    def balanced_accuracy(self) -> torch.Tensor:
        """Mean of the two classes' recalls."""
        return (self.recall + 1.0 - self.false_hits / self.count[:, :1]) / 2

    @property
    def mcc(self) -> torch.Tensor:
        """Matthews correlation of answer and label."""
        negatives, positives = self.count[:, :1].double(), self.count[:, 1:].double()
        picked = self.hits + self.false_hits
        left = positives + negatives - picked
        product = self.hits * (negatives - self.false_hits) - self.false_hits * (positives - self.hits)
        return _ratio(product, (picked * left).sqrt() * (positives * negatives).sqrt())


@dataclass(frozen=True)
class Best:
    """The neuron chosen for each feature. All `[n_features]`."""

    neuron: torch.Tensor
    """int64"""
    chosen: torch.Tensor
    """float64: its score on the points it was chosen on, and so too good"""
    reported: torch.Tensor
    """float64: its score on points that had no part in the choice"""


def evaluate(X: torch.Tensor, labels: torch.Tensor, fits: Fits) -> Metrics:
    """Score fits on X `[n, n_neurons]` and labels `[n, n_features]`; counts and areas are exact.

    Points are compared with the threshold -bias / weight, rounded so that no float32 value changes sides.
    """
    classes = Classes.of(X, labels)
    turn, bar = _bars(fits)
    hits, false_hits = torch.empty_like(fits.weight), torch.empty_like(fits.weight)

    def work(part: slice) -> tuple[torch.Tensor, torch.Tensor]:
        picked = turn[part, :, None] * rows(X, part)[:, None]
        torch.gt(picked, bar[part, :, None], out=picked)
        return torch.linalg.vecdot(picked, classes.positive).T, torch.linalg.vecdot(picked, classes.negative).T

    for part, counts in each(work, X.shape[1], classes.positive.numel(), X.device):
        hits[:, part], false_hits[:, part] = counts
    area = _areas(X, classes)
    area = torch.where(fits.weight > 0, area, torch.where(fits.weight < 0, 1.0 - area, 0.5))
    return Metrics(hits, false_hits, classes.count, area)


def best(choose: Metrics, report: Metrics, by: str = "f1") -> Best:
    """The best neuron of each feature by one score, chosen on some points and reported on others."""
    on, off = getattr(choose, by), getattr(report, by)
    chosen, neuron = on.max(dim=1)
    return Best(neuron, chosen, off.gather(1, neuron[:, None])[:, 0])


def _bars(fits: Fits) -> tuple[torch.Tensor, torch.Tensor]:
    """Sign of the weight and the bar that sign x must exceed, float32 `[n_neurons, n_features]`.

    The bar is the largest float32 at or below the exact one: float32 values exceed either or neither.
    """
    bar = -fits.bias / fits.weight.abs()
    bar = torch.where(fits.weight == 0, torch.where(fits.bias > 0, -torch.inf, torch.inf), bar)
    near = bar.float()
    low = torch.nextafter(near, torch.full_like(near, -torch.inf))
    return fits.weight.sign().float().T.contiguous(), torch.where(near.double() > bar, low, near).T.contiguous()


def _areas(X: torch.Tensor, classes: Classes) -> torch.Tensor:
    """Area under the ROC curve of the neuron's own value, from the ranks of the points with the feature."""
    found = torch.empty(len(classes.count), X.shape[1], dtype=torch.float64, device=X.device)
    for points, features in classes.groups():
        positive = classes.positive[features][:, points].double()
        negatives, positives = classes.count[features].double().T[:, :, None]
        least = positives * (positives + 1) / 2

        def work(part: slice, points: torch.Tensor = points, positive: torch.Tensor = positive) -> torch.Tensor:
            return positive @ _ranks(rows(X, part, points)).T

        for part, ranks in each(work, X.shape[1], 8 * len(points), X.device):
            found[features, part] = (ranks - least) / (positives * negatives)
    return found


def _ranks(x: torch.Tensor) -> torch.Tensor:
    """Rank from 1 of each value in its row, equal ones sharing their mean rank: float64 `[n_rows, n]`."""
    values, order = x.sort(dim=1)
    n = x.shape[1]
    place = torch.arange(n, device=x.device).expand_as(order)
    new = torch.ones_like(values, dtype=torch.bool)
    new[:, 1:] = values[:, 1:] != values[:, :-1]
    first = torch.where(new, place, 0).cummax(1).values
    ends = torch.ones_like(new)
    ends[:, :-1] = new[:, 1:]
    last = torch.where(ends, place, n).flip(1).cummin(1).values.flip(1)
    return torch.empty_like(x, dtype=torch.float64).scatter_(1, order, (first + last).double() / 2 + 1)


def _ratio(part: torch.Tensor, whole: torch.Tensor) -> torch.Tensor:
    return torch.where(whole == 0, 0.0, part / whole)
