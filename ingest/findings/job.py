"""Carries what was found of a base's neurons to its fine-tune: one CARRIED_TO for each finding and neuron."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...schema import digest, run_id
from ..bundle import RunInfo
from ..job import Progress
from .carried import Asked, Carried, line, reason
from .measure import Measure
from .stored import isotropic_cosine, stored_structure
from .tables import Noted, carried_table, finding_tables, neuron_table
from .verdict import Match, Verdict, in_place, verdict

if TYPE_CHECKING:
    from .layer import Layer

JOB = "carry"
METHOD = 1
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
    layers: Callable[[int], Layer] | None
    """reads a layer's whole matrices; None where weights cannot be read"""
    evidence: str
    """hash of the runs that say something of either model"""
    created: str
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

    @property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        parameters = {**self.identity, "supersedes": self.supersedes}
        return RunInfo(
            id=run_id(JOB, {**parameters, "model": self.tuned.model}),
            job=JOB,
            model=self.tuned.model,
            weights=self.tuned.weights,
            tokenizer=self.tuned.tokenizer,
            parameters=parameters,
            derived_from=(self.tuned.link,),
        )

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
        known: dict[int, tuple[Verdict, int, tuple[Measure, ...], str, Match | None]] = {}
        found = []
        for one in asked:
            if not one.covered:
                found.append(Carried(one, "untested", one.index, (), reason("untested", one, (), None)))
                continue
            if one.index not in known:
                known[one.index] = self._judged(one, whole)
            said, index, measures, why, match = known[one.index]
            found.append(Carried(one, said, index, measures, why, match))
        return found

    def _judged(self, one: Asked, whole: Layer | None) -> tuple[Verdict, int, tuple[Measure, ...], str, Match | None]:
        here = self._measures(one, one.index, whole)
        match = whole.nearest(one.index) if whole is not None and in_place(here) == "lost" else None
        said = verdict(here, one.index, match)
        if said != "moved" or match is None:
            return said, one.index, here, reason(said, one, here, match), match
        there = self._measures(one, match.index, whole)
        return said, match.index, there, reason(said, one, there, match, line(here)), match

    def _measures(self, one: Asked, index: int, whole: Layer | None) -> tuple[Measure, ...]:
        source = f"{self.tuned.base}/L{one.layer}/N{one.index}"
        does = self.behaviour(source, f"{self.tuned.model}/L{one.layer}/N{index}")
        if whole is not None:
            return (*whole.structure(one.index, index), *does)
        null = isotropic_cosine(self.tuned.width, self.tuned.d_model, self.seed)
        return (*stored_structure(self.links.get(source, {}), null), *does)

    def _tables(self, carried: list[Carried]) -> dict[str, pa.Table]:
        base, tuned = self.tuned.base, self.tuned.model
        neurons = [(base, one.asked.layer, one.asked.index) for one in carried]
        neurons += [(tuned, one.asked.layer, one.index) for one in carried]
        rows = carried_table(carried, base, tuned, self.run.id, self.created)
        return {"Neuron": neuron_table(neurons), "Finding.CARRIED_TO.Neuron": rows}
