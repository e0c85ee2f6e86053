"""Neurons like one neuron, as a match stored them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..catalogue.query import Reader, query
from ..result.line import UNMADE, Line
from ..result.record import Record, rows_of
from ..result.section import Section, Tokens
from .lines import with_lines

TOKENS = 3
"""Decoded tokens of a neighbour that are shown."""


@dataclass(frozen=True)
class Neighbour:
    """One neuron like another."""

    measure: str
    neuron: str
    model: str
    score: float
    rank: int
    control: float | None
    """best score of the measure's null"""
    jaccard: float | None = None
    """of the top tokens, for the measure tokens"""
    run: str | None = None
    """the match that stored it; None where it was computed now"""
    tokens: tuple[str, ...] = ()
    """what its down row writes first where its value is positive; empty where it is not decoded, and on a card"""
    line: Line = UNMADE
    """what it does"""


@dataclass(frozen=True, repr=False)
class Neighbours(Record):
    """The neurons most like one, by each measure and run."""

    neuron: str
    neighbours: tuple[Neighbour, ...]
    corpora: Mapping[str, str] = field(default_factory=dict)
    """what the texts are called that runs of these read, by run"""

    @property
    def title(self) -> str:
        """The neuron."""
        return self.neuron

    @property
    def lead(self) -> str:
        """What the columns mean."""
        said = "Neurons like it, each score beside the best that the measure's null reaches"
        written = f"; tokens: what its down row writes first where its value is positive, {TOKENS} of them"
        return said + (written if any(hit.tokens for hit in self.neighbours) else "")

    def sections(self) -> tuple[Section, ...]:
        """A table for each measure, model and run."""
        groups: dict[tuple[str, str, str | None], list[Neighbour]] = {}
        for hit in self.neighbours:
            groups.setdefault((hit.measure, hit.model, hit.run), []).append(hit)
        return tuple(self._section(*key, hits) for key, hits in groups.items())

    def _section(self, measure: str, model: str, run: str | None, hits: Sequence[Neighbour]) -> Section:
        corpus = f" on {self.corpora[run]}" if run is not None and run in self.corpora else ""
        columns = ("rank", "neuron", "score", "null", "jaccard", "tokens", "line")
        rows = [
            (
                hit.rank,
                hit.neuron.removeprefix(f"{model}/"),
                hit.score,
                hit.control,
                hit.jaccard,
                Tokens(hit.tokens) if hit.tokens else None,
                hit.line.cell,
            )
            for hit in hits
        ]
        return Section.table(f"In {model} by {measure}, {run or 'worked out now'}{corpus}", columns, rows)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All of them in one table."""
        return rows_of(Neighbour, self.neighbours)


def similar_neurons(
    reader: Reader, neuron: str, *, by: str | None = None, model: str | None = None, top: int = 10
) -> list[Neighbour]:
    """What matches stored of a neuron's neighbours, by measure; empty where there is none."""
    rows = query("neuron_similar").run(reader, neuron=neuron, by=by, model=model, top=top).dicts()
    return list(with_lines(reader, (Neighbour(**row) for row in rows), lambda hit: hit.neuron))


def with_tokens(reader: Reader, hits: Sequence[Neighbour]) -> tuple[Neighbour, ...]:
    """The neighbours, those that are decoded with their tokens."""
    written: dict[str, tuple[str, ...]] = {}
    neurons = list(dict.fromkeys(hit.neuron for hit in hits))
    for row in query("side_tokens").run(reader, neurons=neurons, projection="down").dicts():
        if row["pole"] == 1:
            written.setdefault(row["neuron"], tuple(row["tokens"][:TOKENS]))
    shown = (replace(hit, tokens=written.get(hit.neuron, ())) for hit in hits)
    return with_lines(reader, shown, lambda hit: hit.neuron)
