"""One model at a glance: what each method found in each of its layers, its relatives, concepts, runs and reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import quote
from typing import Any

from ..catalogue.evidence import MAKERS
from ..result.picture import HeatMap
from ..result.record import Record, rows_of
from ..result.section import Section
from .coverage import Coverage
from .ends import Concept, Concepts, End
from .overview import FineTune, RunRow, runs_section

REPORTS = {
    "n2g report": ("graphed", "n2g"),
    "probes report": ("probed", "probes"),
    "explanations report": ("explained", "explanations"),
    "causal report": ("clamped", "clamp"),
}
"""Reports on a model, the evidence that each reads, as coverage counts it, and who makes it."""


@dataclass(frozen=True)
class LayerGlance:
    """What methods found in one layer. Of several runs of a method the newest that has the layer; None where none has.

    Means are over neurons, or over their ends. Beside each score stands what chance or a lookup reaches.
    """

    layer: int
    neurons: int
    """in the store"""
    lined: int
    """with a line of words above chance"""
    kurtosis_gate: float | None = None
    """mean excess kurtosis of the logits that the rows decode to"""
    kurtosis_up: float | None = None
    kurtosis_down: float | None = None
    coherence_gate: float | None = None
    """mean of the mean cosine of top tokens"""
    coherence_up: float | None = None
    coherence_down: float | None = None
    graphs: int | None = None
    graph_f1: float | None = None
    lookup_f1: float | None = None
    """of the best lookup on the same windows"""
    random_f1: float | None = None
    """of the graphs on random windows"""
    probe_f1: float | None = None
    """of the best neuron for any feature"""
    probe_feature: str | None = None
    probe_neuron: str | None = None
    probe_base_f1: float | None = None
    """of always guessing yes to that feature"""
    probe_null: float | None = None
    """of the best of as many random directions"""
    explained: int | None = None
    """sides with a scored sentence"""
    explanation_score: float | None = None
    """mean headline score"""
    explanation_null: float | None = None
    """mean of the same score of another neuron's explanation"""
    explanation_formula: str | None = None
    dead: int | None = None
    dense: int | None = None
    sparse: int | None = None


@dataclass(frozen=True)
class Relative:
    """A base or a fine-tune of a model."""

    model: str
    relation: str
    """base or fine-tune"""
    mean_cosine: float | None
    run: str
    """the link"""
    command: str
    """what compares the two"""


@dataclass(frozen=True)
class ModelReportLink:
    """A report on the model, and what makes its evidence where there is none."""

    report: str
    there: bool
    command: str
    """what shows it, or makes what it would show"""


@dataclass(frozen=True, repr=False)
class ModelReport(Record):
    """A model, layer by layer, and where to read on."""

    model: str
    facts: dict[str, Any]
    """architecture and sizes"""
    layers: tuple[LayerGlance, ...]
    relatives: tuple[Relative, ...]
    """bases, then fine-tunes"""
    concepts: tuple[Concept, ...]
    """word lists that a neuron names, each with the end that names most"""
    reports: tuple[ModelReportLink, ...]
    runs: tuple[RunRow, ...]
    """the latest first"""
    as_of: str
    """ISO 8601: when the layers were counted"""

    @property
    def title(self) -> str:
        """The model."""
        return self.model

    @property
    def lead(self) -> str:
        """How many neurons, and when they were counted."""
        neurons, lined = (sum(getattr(row, name) for row in self.layers) for name in ("neurons", "lined"))
        return f"{neurons:,} neurons in {len(self.layers):,} layers, {lined:,} with a line; as of {self.as_of}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to run where no neuron is in the store."""
        name = quote(self.model)
        return () if self.layers else (f"no neurons of {self.model} yet; neuronkb lm-head ingest {name} adds them",)

    def sections(self) -> tuple[Section, ...]:
        """Sizes, layers, relatives, concepts, reports and runs."""
        return tuple(section for section in self._sections() if section.rows or section.picture)

    def _sections(self) -> Iterator[Section]:
        yield Section.facts("Model", self.facts)
        yield replace(Section.table("Layers", *_glances(self.layers)), picture=_scores(self.layers))
        relatives = [(one.relation, one.model, one.mean_cosine, one.run, one.command) for one in self.relatives]
        yield Section.table("Base and fine-tunes", ("", "model", "mean cosine", "link", "compare"), relatives)
        if self.concepts:
            (table,) = Concepts(self.concepts, 0).sections()
            yield Section("Concepts that neurons name", table.columns, table.rows)
        reports = [(f"{link.report}", "" if link.there else "lacking", link.command) for link in self.reports]
        yield Section.table("Reports", ("report", "evidence", "command"), reports)
        yield runs_section("Runs", self.runs)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All that is known of each layer."""
        return rows_of(LayerGlance, self.layers)


HEADS = {
    "layer": "layer",
    "neurons": "neurons",
    "line": "lined",
    "kurtosis gate": "kurtosis_gate",
    "up": "kurtosis_up",
    "down": "kurtosis_down",
    "coherence gate": "coherence_gate",
    "up ": "coherence_up",
    "down ": "coherence_down",
    "graph F1": "graph_f1",
    "lookup": "lookup_f1",
    "random": "random_f1",
    "probe F1": "probe_f1",
    "feature": "probe_feature",
    "explained": "explanation_score",
    "null": "explanation_null",
    "dead": "dead",
    "dense": "dense",
    "sparse": "sparse",
}
"""Columns of the table of layers and their fields."""


def _glances(layers: Sequence[LayerGlance]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    return tuple(HEADS), [tuple(_short(getattr(row, name)) for name in HEADS.values()) for row in layers]


SCORES = {
    "coherence gate": "coherence_gate",
    "coherence up": "coherence_up",
    "coherence down": "coherence_down",
    "graph F1": "graph_f1",
    "lookup F1": "lookup_f1",
    "random F1": "random_f1",
    "probe F1": "probe_f1",
    "always yes F1": "probe_base_f1",
    "explanations": "explanation_score",
    "their null": "explanation_null",
}
"""Columns of the picture of layers and their fields: what is 1 at best, each beside what chance or a lookup reaches."""


def _scores(layers: Sequence[LayerGlance]) -> HeatMap | None:
    """The scores by layer, without those that no layer has; None where there is none."""
    known = {head: name for head, name in SCORES.items() if any(getattr(row, name) is not None for row in layers)}
    if not known:
        return None
    names = tuple(f"layer {row.layer}" for row in layers)
    values = tuple(tuple(getattr(row, name) for name in known.values()) for row in layers)
    return HeatMap(names, tuple(known), values, 0.0, 1.0, "mean scores; of probes the best")


def _short(value: Any) -> Any:
    return round(value, 3) if isinstance(value, float) else value


def relatives(model: str, tuned: Iterable[FineTune]) -> tuple[Relative, ...]:
    """Bases of a model, then its fine-tunes."""
    found = [
        Relative(
            pair.base if own else pair.model, "base" if own else "fine-tune", pair.mean_cosine, pair.run, _diff(pair)
        )
        for own in (True, False)
        for pair in tuned
        if model == (pair.model if own else pair.base)
    ]
    return tuple(found)


def _diff(pair: FineTune) -> str:
    return f"neuronkb links diff {quote(pair.base)} {quote(pair.model)}"


def report_links(covered: Coverage) -> tuple[ModelReportLink, ...]:
    """Which reports have something to show of a model."""
    name = quote(covered.model)
    links = []
    for report, (column, maker) in REPORTS.items():
        there = any(getattr(row, column) for row in covered.layers)
        made_by = MAKERS[maker].command.replace("MODEL", name)
        links.append(ModelReportLink(report, there, f"neuronkb {report} {name}" if there else made_by))
    return tuple(links)


def concept_of(held: Mapping[str, Any]) -> Concept:
    """What `dataclasses.asdict` of a concept held."""
    ends = tuple(End(**end | {"tokens": tuple(end["tokens"])}) for end in held["ends"])
    return Concept(held["name"], tuple(held["words"]), ends)
