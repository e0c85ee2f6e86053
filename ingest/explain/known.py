"""What other methods found about a neuron's side, in the shape that explaining needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..n2g.engine import Target
from ..n2g.graph import Graph
from .material import Passage

Weighted = tuple[tuple[str, float], ...]
"""Token texts with a number each, strongest first."""


@dataclass(frozen=True)
class KnownGraph:
    """An N2G graph; what it predicts are shares of its own maximum."""

    graph: Graph
    maximum: float
    base: float = 0.0
    run: str = ""


@dataclass(frozen=True)
class Known:
    """One side. Activations are of the side, and of documents that are not held out."""

    target: Target
    maximum: float
    shown: tuple[Passage, ...]
    """strongest first"""
    decoded: Mapping[str, Weighted] = field(default_factory=dict)
    """by projection (gate, up, down), the end of the ranking that belongs to the side: token texts and z-scores"""
    graph: KnownGraph | None = None
    strongest: Weighted = ()
    """the tokens with the highest mean activation, and it"""
    mean: float = 0.0
    """activation of an average token"""


@dataclass(frozen=True)
class TokenMeans:
    """One side's mean activation on each frequent token."""

    values: Mapping[str, float]
    """by token text"""


class Evidence(Protocol):
    """What a knowledge base holds of neurons."""

    @property
    def divided(self) -> int:
        """The seed by which the documents were divided for the graphs; 0 where there are none."""

    def known(self, targets: Sequence[Target]) -> list[Known]:
        """In the order of the targets; a side that nothing is known of has a maximum of 0."""

    def token_means(self, targets: Sequence[Target]) -> list[TokenMeans | None]:
        """The whole token tables; None where the pass's bundle is not at hand."""
