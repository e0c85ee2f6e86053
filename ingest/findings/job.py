"""Carries what was found of a base's neurons to its fine-tune: one CARRIED_TO for each finding and neuron."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...schema import digest
from ..bundle import RunInfo
from ..progress import Progress
from .carried import Asked, Carried, line, reason
from .measure import Measure
from .stored import isotropic_cosine, stored_structure
from .tables import Noted, carried_table, finding_tables, neuron_table
from .verdict import Match, elsewhere, in_place, verdict

if TYPE_CHECKING:
    from .layer import Layer

JOB = "carry"
METHOD = 3
"""Raised when the same inputs would give other numbers."""
NOTES = "findings"
"""Name of the first shard: the findings themselves."""

Behaviour = Callable[[str, str], tuple[Measure, ...]]
"""(base neuron, fine-tune's neuron) -> what the store tells of what both do."""


@dataclass(frozen=True)
class Tuned:
    """The fine-tune, and how it is linked to its base."""

    base: str
    model: str
    weights: str
    tokenizer: str | None
    link: str
    """the link run"""
    width: int
    """neurons a layer"""
    d_model: int


@dataclass
class CarryJob:
    """Judges findings on a fine-tune. Shards: the findings, then each layer they are about."""

    tuned: Tuned
    notes: tuple[Noted, ...]
    asked: tuple[Asked, ...]
    links: Mapping[str, Mapping[str, Any]]
    """base neuron -> properties of its COUNTERPART in the link run"""
    behaviour: Behaviour
    similar: Callable[[str], Match | None]
    """base neuron -> the nearest of the whole fine-tune by weights, where a match stored it"""
    layers: Callable[[int], Layer] | None
    """reads a layer's whole matrices; None where weights cannot be read"""
    evidence: str
    """hash of the runs that say something of either model"""
    supersedes: str | None = None
    """the run whose verdicts this one replaces"""
    seed: int = 0
    found: list[Carried] = field(default_factory=list, repr=False)
    """filled by `shards`"""

    @property
    def identity(self) -> dict[str, Any]:
        """What determines the verdicts, apart from the run they replace."""
        return {
            "base": self.tuned.base,
            "weights": self.tuned.weights,
            "link": self.tuned.link,
            "findings": digest({note.id: [note.text, sorted(note.about)] for note in self.notes}),
            "evidence": self.evidence,
            "matrices": self.layers is not None,
            "seed": self.seed,
            "method": METHOD,
        }

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        parameters = {**self.identity, "supersedes": self.supersedes}
        tuned = self.tuned
        return RunInfo.named(JOB, tuned.model, tuned.weights, tuned.tokenizer, parameters, derived_from=(tuned.link,))

    def shards(self, done: Container[str], progress: Progress) -> Iterator[tuple[str, dict[str, pa.Table]]]:
        """The findings, then a shard a layer; those in `done` are left out."""
        self.found.clear()
        if NOTES not in done:
            yield NOTES, finding_tables(self.notes)
        layers = sorted({one.layer for one in self.asked})
        for number, layer in enumerate(layers):
            progress("carrying findings", number, len(layers))
            name = f"L{layer:03d}"
            if name not in done:
                carried = self._layer(layer)
                self.found += carried
                yield name, self._tables(carried)
        progress("carrying findings", len(layers), len(layers))

    def summary(self, done: Collection[str]) -> dict[str, Any]:
        """How many findings there are, and neurons they are about."""
        return {"findings": len(self.notes), "neurons": len(self.asked)}

    def _layer(self, layer: int) -> list[Carried]:
        asked = [one for one in self.asked if one.layer == layer]
        whole = self.layers(layer) if self.layers is not None and any(one.covered for one in asked) else None
        known: dict[int, Carried] = {}
        found = []
        for one in asked:
            if not one.covered:
                found.append(Carried(one, "untested", layer, one.index, (), reason("untested", one, (), None)))
                continue
            if one.index not in known:
                known[one.index] = self._judged(one, whole)
            found.append(replace(known[one.index], asked=one))
        return found

    def _judged(self, one: Asked, whole: Layer | None) -> Carried:
        here = self._measures(one, one.index, whole)
        match = self._match(one, whole) if in_place(here) == "lost" else None
        said = verdict(here, one.index, match)
        if said != "moved" or match is None:
            return Carried(one, said, one.layer, one.index, here, reason(said, one, here, match), match)
        layer = one.layer if match.layer is None else match.layer
        there = self._measures(one, match.index, whole, layer)
        why = reason(said, one, there, match, line(here))
        return Carried(one, said, layer, match.index, there, why, match)

    def _match(self, one: Asked, whole: Layer | None) -> Match | None:
        """The nearest of the layer; where that is no more than chance, what a match of whole models stored."""
        found = None if whole is None else whole.nearest(one.index)
        if found is None or not elsewhere(found, one.index):
            return self.similar(self._source(one)) or found
        return found

    def _measures(self, one: Asked, index: int, whole: Layer | None, layer: int | None = None) -> tuple[Measure, ...]:
        """Of the neuron at `index` of `layer`, its own unless given. What a neuron elsewhere is made of is known from
        whole matrices of the layer alone."""
        at = one.layer if layer is None else layer
        does = self.behaviour(self._source(one), f"{self.tuned.model}/L{at}/N{index}")
        if whole is not None and at == one.layer:
            return (*whole.structure(one.index, index), *does)
        if (at, index) != (one.layer, one.index):
            return does
        null = isotropic_cosine(self.tuned.width, self.tuned.d_model, self.seed)
        return (*stored_structure(self.links.get(self._source(one), {}), null), *does)

    def _source(self, one: Asked) -> str:
        return f"{self.tuned.base}/L{one.layer}/N{one.index}"

    def _tables(self, carried: list[Carried]) -> dict[str, pa.Table]:
        base, tuned = self.tuned.base, self.tuned.model
        neurons = [(base, one.asked.layer, one.asked.index) for one in carried]
        neurons += [(tuned, one.layer, one.index) for one in carried]
        rows = carried_table(carried, base, tuned, self.run.id)
        return {"Neuron": neuron_table(neurons), "Finding.CARRIED_TO.Neuron": rows}
