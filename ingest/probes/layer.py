"""Everything that probes say of one layer and one data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ..features.split import CHOOSE, FIT, REPORT, Parts
from .adaptive import adaptive, k_list
from .k_sparse import Probe, evaluate_all, k_sparse_all
from .l1 import l1_logistic
from .metrics import Best, Metrics, best, evaluate
from .moments import class_moments
from .normalisation import scale
from .one_sparse import Fits, one_sparse
from .optimal import Optimal, optimal
from .rankers import f_statistic, mean_difference, mutual_information, random_ranking
from .rotation import rotated
from .settings import Settings
from .tables import base_f1

Labels = npt.NDArray[np.int8]
SWEEP = 256
"""Neurons that adaptive thresholding begins with, as published."""


@dataclass(frozen=True)
class Points:
    """Points of one split: X `[n, n_neurons]` on the scale that probes are fitted on, labels int8 `[n, n_features]`."""

    X: torch.Tensor
    labels: torch.Tensor

    def feature(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        """The points that one feature uses, and their labels `[n]`."""
        used = self.labels[:, number] >= 0
        return self.X[used], self.labels[used, number]


@dataclass(frozen=True)
class Splits:
    """One layer's points, to fit on, choose with and report. Without points to choose with, those fitted on choose."""

    fit: Points
    choose: Points
    report: Points
    scale: torch.Tensor
    """float32 `[n_neurons]` that the activations were divided by"""

    @classmethod
    def of(cls, X: torch.Tensor, labels: Labels, parts: Parts) -> Splits:
        """From activations `[n, n_neurons]`, labels `[n, n_features]` and the part of each point `[n]`."""
        numbers = [torch.from_numpy(np.flatnonzero(parts == part)).to(X.device) for part in (FIT, CHOOSE, REPORT)]
        size = scale(X[numbers[0]])
        marks = torch.from_numpy(labels).to(X.device)
        fit, choose, report = (Points(X[part] / size, marks[part]) for part in numbers)
        return cls(fit, choose if len(choose.X) else fit, report, size)

    def turned(self, seed: int) -> Splits:
        """The same points in as many random directions."""

        def turn(points: Points) -> Points:
            return Points(rotated(points.X, seed, "gaussian"), points.labels)

        return Splits(turn(self.fit), turn(self.choose), turn(self.report), self.scale)


@dataclass(frozen=True)
class Singles:
    """The probes of one neuron."""

    fits: Fits
    """on the scaled activations"""
    report: Metrics
    chosen: Best
    """of each feature the neuron with the best F1 on the points to choose with"""
    chosen_mcc: torch.Tensor
    """float64 `[n_features]`: Matthews correlation of the neuron chosen by it"""
    mean_difference: torch.Tensor
    """float64 `[n_features, n_neurons]`"""


@dataclass(frozen=True)
class Sparse:
    """One k-sparse probe and its scores on the reporting split."""

    feature: int
    method: str
    probe: Probe
    scores: dict[str, float]


def singles(splits: Splits) -> Singles:
    """Fit every neuron alone to every feature, score it, and choose the best."""
    fits = one_sparse(splits.fit.X, splits.fit.labels)
    choose = evaluate(splits.choose.X, splits.choose.labels, fits)
    report = evaluate(splits.report.X, splits.report.labels, fits)
    moments = class_moments(splits.fit.X, splits.fit.labels)
    return Singles(fits, report, best(choose, report), best(choose, report, "mcc").reported, mean_difference(moments))


def sparse(splits: Splits, settings: Settings) -> Iterator[Sparse]:
    """The k-sparse probes of all features by each method, fitted on one split and scored on another."""
    ks = sorted({k for k in settings.ks if k <= splits.fit.X.shape[1]})
    for method in settings.methods:
        if method == "adaptive":
            yield from _adaptive(splits, ks)
        elif method == "optimal":
            yield from _optimal(splits, ks, settings.nodes)
        else:
            order = _ranking(method, splits.fit, settings.seed).argsort(dim=1, descending=True, stable=True)
            yield from _fitted(splits, {k: order[:, :k] for k in ks}, method)


def _ranking(method: str, fit: Points, seed: int) -> torch.Tensor:
    if method == "mutual_information":
        return mutual_information(fit.X, fit.labels)
    if method == "l1":
        return l1_logistic(fit.X, fit.labels)
    if method == "random":
        return random_ranking(fit.labels.shape[1], fit.X.shape[1], seed)
    moments = class_moments(fit.X, fit.labels)
    return f_statistic(moments) if method == "f_statistic" else mean_difference(moments)


def _adaptive(splits: Splits, ks: Sequence[int]) -> Iterator[Sparse]:
    sweep = sorted({*ks, *k_list(splits.fit.X.shape[1], SWEEP)})
    each = [adaptive(*splits.fit.feature(number), sweep) for number in range(splits.fit.labels.shape[1])]
    yield from _fitted(splits, {k: torch.stack([found[k] for found in each]) for k in ks}, "adaptive")


def _optimal(splits: Splits, ks: Sequence[int], nodes: int) -> Iterator[Sparse]:
    """Largest k first: each begins with the heaviest neurons of the one before, as published."""
    for number in range(splits.fit.labels.shape[1]):
        X, y = splits.fit.feature(number)
        start: torch.Tensor = torch.empty(0, dtype=torch.int64)
        for k in sorted(ks, reverse=True):
            found = optimal(X, y, k, start=start, nodes=nodes)
            start = found.support[found.weight.abs().argsort(descending=True)][: k - 1]
            yield Sparse(number, "optimal", found, _scores(found, splits.report, number))


def _fitted(splits: Splits, supports: dict[int, torch.Tensor], method: str) -> Iterator[Sparse]:
    """Fit given supports `[n_features, k]` by size."""
    for support in supports.values():
        probes = k_sparse_all(splits.fit.X, splits.fit.labels, support[:, None].to(splits.fit.X.device))
        metrics = evaluate_all(splits.report.X, splits.report.labels, probes)
        for number in range(len(support)):
            yield Sparse(number, method, probes.probe(number), _row(metrics, number))


def _scores(probe: Probe, points: Points, number: int) -> dict[str, float]:
    X, y = points.feature(number)
    one = torch.ones(1, 1, dtype=torch.float64, device=X.device)
    fits = Fits(one, torch.zeros_like(one), one.bool())
    return _row(evaluate(probe.score(X).float()[:, None], y[:, None], fits), 0)


def _row(metrics: Metrics, number: int) -> dict[str, float]:
    names = ("f1", "precision", "recall", "mcc", "auc")
    return {name: float(getattr(metrics, name)[number, 0]) for name in names}


@dataclass(frozen=True)
class LayerProbes:
    """What a layer's neurons tell of a data set's features, beside the same in a rotated basis."""

    layer: int
    singles: Singles
    control: Singles | None
    sparse: tuple[Sparse, ...]
    sparse_control: tuple[Sparse, ...]
    """in the same order"""
    scale: torch.Tensor
    n: npt.NDArray[np.int64]
    """`[n_features]` points reported on"""
    positives: npt.NDArray[np.int64]

    @classmethod
    def of(cls, layer: int, X: torch.Tensor, labels: Labels, parts: Parts, settings: Settings) -> LayerProbes:
        """From activations `[n, n_neurons]` at the points, labels `[n, n_features]` and the points' parts `[n]`."""
        splits = Splits.of(X, labels, parts)
        turned = splits.turned(settings.seed) if settings.control else None
        reported = labels[parts == REPORT]
        return cls(
            layer,
            singles(splits),
            None if turned is None else singles(turned),
            tuple(sparse(splits, settings)),
            () if turned is None else tuple(sparse(turned, settings)),
            splits.scale,
            (reported >= 0).sum(0),
            (reported == 1).sum(0),
        )

    @property
    def base_f1(self) -> npt.NDArray[np.float64]:
        """F1 of always guessing yes, `[n_features]`."""
        return base_f1(self.positives / self.n)


def certificate(probe: Probe) -> dict[str, float | int | str]:
    """What an optimal probe's search proved; nothing for other probes."""
    if not isinstance(probe, Optimal):
        return {"loss": "logistic"}
    names = ("loss", "objective", "bound", "gap", "cuts", "status")
    return {name: getattr(probe, name) for name in names}
