"""A neuron's line: the sentence that stands beside its id wherever ids are listed, and whose word it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar, cast

from ...schema import NeuronId
from ..catalogue.query import Reader, query
from ..result.line import UNMADE, Line, Source
from ..result.record import Record
from ..result.section import Section
from .known import known_neuron

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, repr=False)
class NeuronLine(Record):
    """A neuron and its line."""

    neuron: str
    line: Line

    @property
    def title(self) -> str:
        """The neuron."""
        return self.neuron

    @property
    def lead(self) -> str:
        """Its line."""
        return self.line.whole or "no line: no method has looked at it, or neuronkb neurons lines MODEL was not run"

    def sections(self) -> tuple[Section, ...]:
        """Nothing more to show."""
        return ()


def lines_of(reader: Reader, neurons: Iterable[object]) -> dict[str, Line]:
    """The kept line of each neuron, by its id; an empty one where none was made, and where the store has no such
    neuron."""
    ids = list(dict.fromkeys(map(str, neurons)))
    lines = dict.fromkeys(ids, UNMADE)
    for row in query("lines").run(reader, neurons=ids).dicts() if ids else ():
        if row["source"] is not None:
            source = cast("Source", row["source"])
            lines[row["neuron"]] = Line(row["line"], source, row["score"], row["null_score"], row["run"])
    return lines


def neuron_line(reader: Reader, neuron: str) -> NeuronLine:
    """A neuron with its kept line. Raises QueryError where the store has no such neuron."""
    named = NeuronId.parse(neuron)
    known_neuron(reader, named)
    return NeuronLine(str(named), lines_of(reader, [named])[str(named)])


T = TypeVar("T", bound="DataclassInstance")


def with_lines(reader: Reader, listed: Iterable[T], neuron: Callable[[T], str]) -> tuple[T, ...]:
    """Records with a field `line`, each with that of its neuron."""
    records = tuple(listed)
    lines = lines_of(reader, map(neuron, records))
    return tuple(replace(record, line=lines[neuron(record)]) for record in records)
