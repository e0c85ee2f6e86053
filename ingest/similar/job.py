"""Matches the neurons of two models, as a job that yields SIMILAR both ways, layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..activations.state import load_state, save_state
from ..bundle import RunInfo
from ..lm_head.job import shard_name
from ..lm_head.tables import Tables, model_table
from ..progress import Progress, silent
from ..subject.subject import Subject
from .firsts import Firsts
from .measure import Measure
from .search import Nearest, Search
from .settings import METHOD, Settings
from .tables import EDGES, neuron_tables, similar_table

JOB = "match"
MODELS = "models"
UNIVERSAL = 0.5
"""Excess correlation above which Gurnee et al. (2024) call a neuron universal."""
BACK = "back-"
"""What the names of the other direction's shards begin with."""


@dataclass
class MatchJob:
    """SIMILAR between all neurons of two models by one measure, both ways; or of one model with each other."""

    one: Subject
    two: Subject
    measure: Measure
    settings: Settings
    state: Path
    """file in which an unfinished match goes on, and a finished one keeps its report"""
    inputs: dict[str, Any] = field(default_factory=dict)
    """what else determines the result: runs whose tokens are compared, or the text"""
    derived: tuple[str, ...] = ()
    corpus_name: str | None = None
    """what the text is called"""

    @cached_property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""
        parameters = {
            "other": self.two.name,
            "other_weights": self.two.weights,
            "measure": self.settings.by,
            "k": self.settings.k,
            "draws": self.settings.draws,
            "seed": self.settings.seed,
            "method": METHOD,
            **self.inputs,
        }
        one = self.one
        return RunInfo.named(JOB, one.name, one.weights, one.vocabulary.hash, parameters, derived_from=self.derived)

    @cached_property
    def forth(self) -> Firsts:
        """Best matches of the first model's neurons."""
        return Firsts.empty(self.measure.one, self.settings.draws)

    @cached_property
    def back(self) -> Firsts:
        """Best matches of the other's."""
        return Firsts.empty(self.measure.two, self.settings.draws)

    @property
    def within(self) -> bool:
        """Whether the neurons of one model are matched with each other."""
        return self.measure.one == self.measure.two

    def shards(self, done: Container[str] = (), progress: Progress = silent) -> Iterator[tuple[str, Tables]]:
        """The models with their neurons, each layer of the first, each layer of the other.

        What the layers of the first mean for the other's neurons is kept in `state`: an interruption costs one layer.
        """
        if MODELS not in done:
            yield MODELS, self._models()
        search = Search(self.measure, self.settings.k, self.settings.draws)
        one, two = self.measure.one, self.measure.two
        start = self._resume(search, done)
        if start is None:
            return
        counter = _Counter(progress, one.layers * two.layers * one.width, start * two.layers * one.width)
        for a in range(start, one.layers):
            found = search.layer(a, told=counter.add)
            self.forth.note(a, found, two.width)
            if shard_name(a) not in done:
                yield shard_name(a), {EDGES: self._edges(found, a, True)}
            self._save(search, a + 1)
        for b, columns in enumerate(search.columns):
            found = search.other(b, columns)
            self.back.note(b, found, one.width)
            if BACK + shard_name(b) not in done:
                yield BACK + shard_name(b), {EDGES: self._edges(found, b, False)}
        self._save(None, one.layers + 1)

    def summary(self, done: Collection[str] = ()) -> dict[str, Any]:
        """By layer and over all: what may be claimed, mutual best matches, and same-index counterparts found."""
        known = self.forth.known
        whole = len(known) == self.measure.one.layers
        found: dict[str, Any] = {"source": self.one.source, "other": self.two.name, "other_source": self.two.source}
        if self.corpus_name is not None:
            found["corpus_name"] = self.corpus_name
        found["layers"] = [{"layer": layer, **self._row(layer)} for layer in known]
        if whole:
            found["all"] = self._row(None)
        if whole and not self.within and len(self.back.known) == self.measure.two.layers:
            found["back"] = self.back.claims()
        return found

    def _row(self, layer: int | None) -> dict[str, Any]:
        one, two = self.measure.one, self.measure.two
        row = self.forth.claims(layer)
        if self.settings.by == "activation" and self.settings.draws:
            row["universal"] = self.forth.above(UNIVERSAL, layer)
        if not self.within:
            if (one.layers, one.width) == (two.layers, two.width):
                row["same_index"] = self.forth.same_index(layer)
            if len(self.back.known) == two.layers:
                row["mutual"] = self.forth.mutual(self.back, layer)
        return row

    def _edges(self, found: Nearest, layer: int, forward: bool) -> pa.Table:
        return similar_table(found, layer, self.measure, self.settings.by, self.run.id, forward)

    def _models(self) -> Tables:
        """Both models and their neurons: a match needs no other evidence in the store."""
        pairs = [(self.one, self.measure.one)] + ([] if self.within else [(self.two, self.measure.two)])
        parts = [neuron_tables(side, layer) for _, side in pairs for layer in range(side.layers)]
        merged = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
        return {"Model": pa.concat_tables([model_table(subject) for subject, _ in pairs]), **merged}

    def _save(self, search: Search | None, position: int) -> None:
        tensors = self.forth.tensors("forth.") | self.back.tensors("back.")
        for b, columns in enumerate(search.columns if search is not None else ()):
            held = {"values": columns.best.values, "ids": columns.best.ids, "null": columns.null}
            tensors |= {f"columns.{b}.{name}": tensor for name, tensor in held.items()}
        save_state(self.state, tensors, {"run": self.run.id, "position": str(position)})

    def _resume(self, search: Search, done: Container[str]) -> int | None:
        """The layer to go on with; None where all is done."""
        found = load_state(self.state)
        if found is None or found[1].get("run") != self.run.id:
            return 0
        tensors, position = found[0], int(found[1]["position"])
        names = [shard_name(a) for a in range(min(position, self.measure.one.layers))]
        if position > self.measure.one.layers and not self.within:
            names += [BACK + shard_name(b) for b in range(self.measure.two.layers)]
        if not all(name in done for name in names):
            return 0
        self.forth.restore(tensors, "forth.")
        self.back.restore(tensors, "back.")
        if position > self.measure.one.layers:
            return None
        for b, columns in enumerate(search.columns):
            columns.best.values, columns.best.ids, columns.null = (
                tensors[f"columns.{b}.{name}"].to(self.measure.device) for name in ("values", "ids", "null")
            )
        return position


class _Counter:
    """Adds up rows for a progress that wants totals."""

    def __init__(self, progress: Progress, total: int, done: int) -> None:
        self.progress, self.total, self.done = progress, total, done

    def add(self, rows: int) -> None:
        self.done += rows
        self.progress("comparing (neurons x layers)", self.done, self.total)
