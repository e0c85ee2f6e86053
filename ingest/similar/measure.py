"""What the search asks of a measure, and the measures that are products of two unit vectors."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

import torch

from ..lm_head.precision import accumulation
from .kept import Kept, room

PAIRS = 2**22
"""Numbers of paired vectors multiplied at a time in float64."""


@dataclass(frozen=True)
class MatchedModel:
    """The neurons of one of two models: its layers and how many neurons each has."""

    model: str
    layers: int
    width: int


@dataclass
class Measure(ABC):
    """A similarity between the neurons of two models: `one`, whose neurons are asked for, and `two`."""

    one: MatchedModel
    two: MatchedModel
    device: torch.device

    @property
    def exact_blocks(self) -> bool:
        """Whether `block` gives the exact scores already."""
        return False

    @abstractmethod
    def block(self, a: int, rows: slice, b: int, draw: int | None = None) -> torch.Tensor:
        """Scores `[rows, width of two]` of some neurons of layer `a` with layer `b` of the other model; with `draw`
        those of the control instead."""

    @abstractmethod
    def exact(self, a: int, rows: torch.Tensor, b: int, columns: torch.Tensor) -> torch.Tensor:
        """float64 `[m]`: the scores of pairs of neurons of the two layers."""

    @abstractmethod
    def slack(self) -> float:
        """How far a score of `block` may be from `exact`."""

    def more(self, a: int, rows: torch.Tensor, b: int, columns: torch.Tensor) -> dict[str, torch.Tensor]:
        """Further properties of pairs, float64 `[m]` each."""
        return {}


@dataclass
class Products(Measure):
    """A measure that is a product of vectors of at most unit length, one a neuron: profiles, float32 `[n, w]`.

    A score is the float64 product of the profiles as rounded to float32: within 2e-7 of that of the profiles.
    """

    kept: Kept = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.kept = Kept(room(self.device))

    @abstractmethod
    def left(self, layer: int) -> torch.Tensor:
        """Profiles of a layer of `one`."""

    @abstractmethod
    def right(self, layer: int, draw: int | None) -> torch.Tensor:
        """Profiles of a layer of `two`, or of a draw of its control."""

    def block(self, a: int, rows: slice, b: int, draw: int | None = None) -> torch.Tensor:
        return self._left(a)[rows] @ self._right(b, draw).T

    def exact(self, a: int, rows: torch.Tensor, b: int, columns: torch.Tensor) -> torch.Tensor:
        return paired(self._left(a), rows, self._right(b, None), columns)

    def slack(self) -> float:
        return accumulation(self._right(0, None).shape[1])

    def _left(self, a: int) -> torch.Tensor:
        return self.kept.get(("left", a), lambda: self.left(a).to(self.device))

    def _right(self, b: int, draw: int | None) -> torch.Tensor:
        return self.kept.get(("right", b, draw), lambda: self.right(b, draw).to(self.device))


def paired(one: torch.Tensor, rows: torch.Tensor, two: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """float64 `[m]`: one[rows] . two[columns]."""
    out = torch.empty(len(rows), dtype=torch.float64, device=one.device)
    step = max(1, PAIRS // one.shape[1])
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        product = one[rows[part]].double()
        product *= two[columns[part]]
        out[part] = product.sum(1)
    return out


def unit(rows: torch.Tensor) -> torch.Tensor:
    """Rows of length 1 in float64; a zero row stays zero."""
    rows = rows.double()
    norms = rows.norm(dim=1, keepdim=True)
    return rows / torch.where(norms > 0, norms, 1.0)


def joined(parts: list[torch.Tensor]) -> torch.Tensor:
    """Profiles of several parts as one, whose product is the mean of theirs: float32."""
    whole = torch.cat(parts, 1)
    return whole.div_(math.sqrt(len(parts))).float()


def matched_model(subject: Any) -> MatchedModel:
    """The neurons of a model under study."""
    found = subject.architecture
    return MatchedModel(subject.name, found.n_layers, found.d_mlp)
