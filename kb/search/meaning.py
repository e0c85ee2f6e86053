"""A query vector against the segments: the nearest units of each kind, and what chance would give."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .planes import Vectors
from .segment import Segment
from .terms import TermVectors

SHOWN = 8
"""Words of a side that are shown."""
ONE_IN = 1000
"""The null is what one in so many reach."""


@dataclass(frozen=True)
class Near:
    """A unit's nearest row of one kind."""

    unit: str
    cosine: float
    segment: Segment
    row: int


@dataclass(frozen=True)
class Scope:
    """Which rows may be found."""

    model: str | None = None
    layers: frozenset[int] | None = None
    least: float | None = None

    def rows(self, segment: Segment) -> npt.NDArray[np.bool_] | None:
        """The rows of a segment that are in scope; None for all."""
        return None if self.layers is None else np.isin(segment.layers, list(self.layers))


def nearest(segments: Collection[Segment], query: Vectors, depth: int, scope: Scope) -> list[Near]:
    """The `depth` units whose best row is nearest, best first, equal ones by name."""
    best: dict[str, Near] = {}
    for segment in segments:
        if scope.model in (None, segment.model):
            for near in _of_segment(segment, query, depth, scope):
                held = best.get(near.unit)
                if held is None or near.cosine > held.cosine:
                    best[near.unit] = near
    found = sorted(best.values(), key=lambda near: (-near.cosine, near.unit))
    return [near for near in found if scope.least is None or near.cosine >= scope.least][:depth]


def _of_segment(segment: Segment, query: Vectors, depth: int, scope: Scope) -> list[Near]:
    """The best row of each of the nearest units; rows are asked for until there are enough units."""
    allowed = scope.rows(segment)
    k = 2 * depth
    while True:
        rows, cosines = segment.planes.nearest(query, k, allowed)
        # One by one: for numbers from numpy pyarrow loads pandas, which takes a third of a second.
        units = segment.rows.column("unit")
        first: dict[str, Near] = {}
        for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True):
            name = units[row].as_py()
            first.setdefault(name, Near(name, cosine, segment, row))
        if len(first) >= depth or len(rows) < k:
            return list(first.values())
        k *= 4


class Luck:
    """What rows without meaning would score for one query."""

    def __init__(self, query: Vectors, terms: TermVectors) -> None:
        self._query = query
        self._terms = terms
        self._shuffled: dict[str, Vectors] = {}
        self._nulls: dict[tuple[str, int], float | None] = {}
        self._words: Vectors | None = None

    def of(self, near: Near) -> tuple[float | None, float | None]:
        """The null, and how many rows would be as near by chance (None for texts)."""
        if near.segment.facts["shuffled"]:
            share = float(np.mean(self._of_segment(near.segment) >= near.cosine))
            return self._null(near), share * len(near.segment)
        return self._null(near), None

    def beaten(self, near: Near) -> bool:
        """Whether the cosine is above its null; so it is where there is none."""
        null = self._null(near)
        return null is None or near.cosine > null

    def _null(self, near: Near) -> float | None:
        key = (near.segment.folder.name, -1 if near.segment.facts["shuffled"] else near.row)
        if key not in self._nulls:
            self._nulls[key] = self._made(near)
        return self._nulls[key]

    def _made(self, near: Near) -> float | None:
        if near.segment.facts["shuffled"]:
            return _quantile(self._of_segment(near.segment))
        if self._words is None:
            self._words = self._terms.sample()
        row = near.segment.planes.rows(np.array([near.row]))[0]
        return _quantile(self._words @ row) if len(self._words) else None

    def _of_segment(self, segment: Segment) -> Vectors:
        name = segment.folder.name
        if name not in self._shuffled:
            self._shuffled[name] = segment.shuffled(self._query)
        return self._shuffled[name]


def shown_words(near: Near, query: Vectors, terms: TermVectors) -> tuple[str, ...]:
    """The words that bring a row nearest to the query: largest weight times cosine first."""
    held = near.segment.bags
    if held is None:
        return ()
    numbers, weights = held.of(near.row)
    pull = weights * (terms.vectors(numbers.astype(np.int64)) @ query)
    order: Sequence[int] = np.argsort(-pull, kind="stable")[:SHOWN].tolist()
    return tuple(terms.words[int(numbers[i])].as_py() for i in order)


def _quantile(scores: Vectors) -> float:
    return float(np.quantile(scores, 1 - 1 / ONE_IN, method="higher"))
