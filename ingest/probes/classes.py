"""Labelled points, feature by feature: who is in, who is not, and how much each counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch

from ...schema import FeatureError
from ..team import Team

A = TypeVar("A")
NUMBERS = {"cpu": 2**20}
"""Numbers of one temporary: what stays in a processor's cache."""
NUMBERS_ELSEWHERE = 2**27


@dataclass(frozen=True)
class Classes:
    """The two classes of every feature among the points of X."""

    positive: torch.Tensor
    """float32 `[n_features, n]`: 1 where the point has the feature, else 0"""
    negative: torch.Tensor
    """float32 `[n_features, n]`: 1 where it has not; a point that is not used has 0 in both"""
    count: torch.Tensor
    """int64 `[n_features, 2]`: negatives, positives"""

    @classmethod
    def of(cls, X: torch.Tensor, labels: torch.Tensor) -> Classes:
        """From labels `[n, n_features]`: 1, 0, or -1 for a point that is not used.

        Raises FeatureError for labels that do not fit X `[n, n_neurons]`, for values that are no numbers, and for a
        feature that lacks one of the classes.
        """
        if X.ndim != 2 or labels.ndim != 2 or len(X) != len(labels):
            shapes = f"{tuple(X.shape)} and {tuple(labels.shape)}"
            raise FeatureError(f"activations and labels of shapes {shapes}: expected [n, neurons] and [n, features]")
        if not torch.isfinite(X).all():
            raise FeatureError("activations hold infinities or NaN: capture them in float32 or leave those points out")
        labels = labels.to(X.device).T
        if not torch.isin(labels, torch.tensor([-1, 0, 1], dtype=labels.dtype, device=X.device)).all():
            raise FeatureError("labels other than 1 (yes), 0 (no) and -1 (not used)")
        positive, negative = ((labels == value).float().contiguous() for value in (1, 0))
        count = torch.stack([(labels == value).sum(1) for value in (0, 1)], dim=1)
        lacking = (count == 0).any(1).nonzero()[:, 0].tolist()
        if lacking:
            have = ", ".join(str(n) for n in count[lacking[0]].tolist())
            raise FeatureError(f"feature {lacking[0]} has (negatives, positives) = ({have}): both are needed")
        return cls(positive, negative, count)

    @property
    def weights(self) -> torch.Tensor:
        """float64 `[n_features, n]`: balanced, n_used / (2 n_class); 0 for points that are not used."""
        weight = self.count.sum(1, keepdim=True) / (2.0 * self.count.double())
        return self.negative * weight[:, :1] + self.positive * weight[:, 1:]

    def groups(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Features that use the same points, together: (points used, features), both int64 numbers."""
        used = (self.positive + self.negative).bool()
        masks, which = torch.unique(used, dim=0, return_inverse=True)
        return [(mask.nonzero()[:, 0], (which == i).nonzero()[:, 0]) for i, mask in enumerate(masks)]


def blocks(n_neurons: int, numbers_each: int, device: torch.device) -> Iterator[slice]:
    """The neurons in turn, so many at a time that a temporary of `numbers_each` numbers a neuron stays small."""
    step = max(1, NUMBERS.get(device.type, NUMBERS_ELSEWHERE) // max(1, numbers_each))
    for start in range(0, n_neurons, step):
        yield slice(start, min(start + step, n_neurons))


def each(
    work: Callable[[slice], A], n_neurons: int, numbers_each: int, device: torch.device
) -> Iterator[tuple[slice, A]]:
    """Work done on such blocks, in order, a core to a block."""
    parts = list(blocks(n_neurons, numbers_each, device))
    with Team(device, len(parts)) as team:
        yield from zip(parts, team.map(work, parts), strict=True)


def rows(X: torch.Tensor, part: slice, points: torch.Tensor | None = None) -> torch.Tensor:
    """Some neurons' values in a row each: float32 `[n_part, n]`, of all points or of some."""
    values = X[:, part] if points is None else X[points, part]
    return values.T.float().contiguous()
