"""Likeness of the weight rows themselves."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...schema import LinkError
from ..subject.layer_weights import LayerWeights, read_layer
from ..subject.subject import Subject
from .measure import Products, joined, matched_model, unit
from .shuffled import seed_of, shuffled

ROWS = 64
"""Rows made unit vectors at a time."""


@dataclass
class WeightRows(Products):
    """Cosine of the stored rows, mean over the projections that both models have (gate, up, down).

    Makes sense where both models write into one residual stream: a model and its fine-tunes. The control has the
    columns of each of the other's projections shuffled (`shuffled`).
    """

    first: Subject
    second: Subject
    seed: int

    @classmethod
    def of(cls, one: Subject, two: Subject, device: torch.device, seed: int) -> WeightRows:
        """Raises LinkError where the two streams differ in width."""
        widths = one.architecture.d_model, two.architecture.d_model
        if widths[0] != widths[1]:
            raise LinkError(
                f"the residual streams of {one.name!r} and {two.name!r} are {widths[0]} and {widths[1]} wide: their "
                "weight rows cannot be compared; --by vocabulary, tokens and activation can"
            )
        return cls(matched_model(one), matched_model(two), device, first=one, second=two, seed=seed)

    def left(self, layer: int) -> torch.Tensor:
        rows = _read(self.first, layer).rows
        return directions([rows[name].to(self.device) for name in projections(self.first, self.second)])

    def right(self, layer: int, draw: int | None) -> torch.Tensor:
        rows, found = _read(self.second, layer).rows, []
        for number, name in enumerate(projections(self.first, self.second)):
            part = rows[name].to(self.device)
            found.append(part if draw is None else shuffled(part, seed_of(self.seed, draw, layer, number)))
        return directions(found)


def directions(parts: list[torch.Tensor]) -> torch.Tensor:
    """`joined` of each part's rows at length 1, some rows at a time so that they stay in a core's cache."""
    joint = torch.empty(len(parts[0]), sum(part.shape[1] for part in parts), device=parts[0].device)
    for start in range(0, len(joint), ROWS):
        rows = slice(start, start + ROWS)
        joint[rows] = joined([unit(part[rows]) for part in parts])
    return joint


def projections(one: Subject, two: Subject) -> tuple[str, ...]:
    """Those that both models have."""
    return tuple(name for name in one.architecture.projections if name in two.architecture.projections)


def _read(subject: Subject, layer: int) -> LayerWeights:
    return read_layer(subject.checkpoint, subject.architecture, layer)
