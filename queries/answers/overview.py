"""The store at a glance: its models as a family tree, what is known of each, and what came last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalogue.query import Reader, query
from ..result.record import Record, rows_of
from ..result.section import Section
from .coverage import Coverage, Gap, gap_rows
from .findings import Finding, finding_of

LATEST = 10
"""Findings and runs of an overview."""
EMPTY = "no models in the store yet; neuronkb lm-head ingest MODEL adds one, neuronkb bundles load FOLDER what was made"


@dataclass(frozen=True)
class RunRow:
    """A run, without its parameters."""

    run: str
    job: str
    model: str | None
    started: str | None
    ended: str | None
    """None while it is unfinished"""


@dataclass(frozen=True)
class FineTune:
    """A model, the base that it was fine-tuned from, and the link run that says so."""

    model: str
    base: str
    mean_cosine: float | None
    """of their rows"""
    run: str


@dataclass(frozen=True)
class FamilyModel:
    """A model where it stands in the tree of bases and fine-tunes."""

    model: str
    depth: int
    """0 for a model without a base in the store"""
    base: str | None
    """the base that it stands under: the closest, where it has several"""
    bases: tuple[str, ...]
    """all of them, the closest first"""
    layers: int | None
    """that the model has"""
    neurons: int
    """in the store"""
    lined: int
    """of these, with a line of words above chance"""
    runs: int
    first: str | None
    """when its first run began"""
    latest: str | None
    """when its latest run ended, or began where it is unfinished"""


@dataclass(frozen=True, repr=False)
class Overview(Record):
    """What is in a store, and what would tell more."""

    models: tuple[FamilyModel, ...]
    """fine-tunes under their bases"""
    coverage: tuple[Coverage, ...]
    """by model, in the same order"""
    gaps: tuple[Gap, ...]
    findings: tuple[Finding, ...]
    """the latest first"""
    runs: tuple[RunRow, ...]
    """the latest first"""
    as_of: str | None
    """ISO 8601: when the oldest of the counts was made; None without models"""

    @property
    def title(self) -> str:
        """How many models there are."""
        return f"{len(self.models):,} model{'' if len(self.models) == 1 else 's'}"

    @property
    def lead(self) -> str:
        """When it was counted."""
        return f"counted as of {self.as_of}" if self.as_of else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to run where there is nothing."""
        return () if self.models else (EMPTY,)

    def sections(self) -> tuple[Section, ...]:
        """The tree, what is known of each model, gaps, findings and runs."""
        return tuple(section for section in self._sections() if section.rows or section.picture)

    def _sections(self) -> Iterator[Section]:
        yield Section.table("Models", TREE_HEADS, [_tree_cells(row) for row in self.models])
        for covered in self.coverage:
            yield covered.section()
        held = {covered.model: len(covered.layers) for covered in self.coverage}
        yield Section("What is lacking", ("model", "lacks", "layers", "command"), tuple(gap_rows(self.gaps, held)))
        notes = [(f.id, f.created[:10], f.author, ", ".join(f.about), f.text) for f in self.findings]
        yield Section("Latest findings", ("finding", "created", "author", "about", "text"), tuple(notes))
        yield runs_section("Latest runs", self.runs)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All that is known of each model."""
        return rows_of(FamilyModel, self.models)

    def brief(self) -> dict[str, Any]:
        """Without the counts by layer."""
        return {name: value for name, value in self.json().items() if name != "coverage"}


TREE_HEADS = ("model", "depth", "base", "layers", "neurons", "with a line", "runs", "first run", "latest run")


def _tree_cells(row: FamilyModel) -> tuple[Any, ...]:
    lined = f"{row.lined / row.neurons:.1%}" if row.neurons else None
    dates = (when[:10] if when else None for when in (row.first, row.latest))
    return (row.model, row.depth or None, row.base, row.layers, row.neurons, lined, row.runs, *dates)


def runs_section(caption: str, runs: Sequence[RunRow]) -> Section:
    """A row a run."""
    heads = ("run", "job", "model", "started", "ended")
    return Section.table(caption, heads, [(r.run, r.job, r.model, r.started, r.ended) for r in runs])


def latest_runs(reader: Reader, model: str | None = None, top: int = LATEST) -> tuple[RunRow, ...]:
    """The newest runs, of a model or of all."""
    return tuple(RunRow(**row) for row in query("latest_runs").run(reader, model=model, top=top).dicts())


def latest_findings(reader: Reader, model: str | None = None, top: int = LATEST) -> tuple[Finding, ...]:
    """The newest findings, of a model or of all."""
    return tuple(map(finding_of, query("latest_findings").run(reader, model=model, top=top).dicts()))


def fine_tunes(reader: Reader) -> tuple[FineTune, ...]:
    """By model, the closest base first; of several link runs of a pair the closest."""
    pairs: dict[tuple[str, str], FineTune] = {}
    for row in query("fine_tunes").run(reader).dicts():
        pairs.setdefault((row["model"], row["base"]), FineTune(**row))
    return tuple(pairs.values())


def family(models: Sequence[str], tuned: Sequence[FineTune]) -> list[tuple[str, int]]:
    """Each model once with its depth: roots by name, fine-tunes under their closest base by name.

    Models that are each other's fine-tunes begin with the first by name.
    """
    under: dict[str, str] = {}
    for pair in tuned:
        if pair.model != pair.base:
            under.setdefault(pair.model, pair.base)
    placed: dict[str, int] = {}

    def place(model: str, depth: int) -> None:
        if model not in placed:
            placed[model] = depth
            for other in sorted(models):
                if under.get(other) == model:
                    place(other, depth + 1)

    for model in sorted(models, key=lambda name: (name in under, name)):
        place(model, 0)
    return list(placed.items())


def overview_of(
    reader: Reader, covered: Mapping[str, Coverage], gaps: Sequence[Gap], runs: Sequence[Mapping[str, Any]]
) -> Overview:
    """Put together: `covered` is of every model of the store, `runs` are all runs with model, started and ended."""
    facts = {row["model"]: row for row in query("models").run(reader).dicts() if row["model"] in covered}
    tuned = fine_tunes(reader)
    tree = tuple(
        _family_model(name, depth, facts[name], covered[name], tuned, [run for run in runs if run["model"] == name])
        for name, depth in family(list(facts), tuned)
    )
    as_of = min((each.as_of for each in covered.values()), default=None)
    in_order = tuple(covered[row.model] for row in tree)
    return Overview(tree, in_order, tuple(gaps), latest_findings(reader), latest_runs(reader), as_of)


def _family_model(
    name: str,
    depth: int,
    facts: Mapping[str, Any],
    covered: Coverage,
    tuned: Sequence[FineTune],
    runs: Sequence[Mapping[str, Any]],
) -> FamilyModel:
    bases = tuple(pair.base for pair in tuned if pair.model == name)
    first = min((run["started"] for run in runs if run["started"]), default=None)
    latest = max((run["ended"] or run["started"] or "" for run in runs), default="") or None
    base = bases[0] if depth else None
    return FamilyModel(
        name, depth, base, bases, facts["layers"], covered.neurons, covered.lined, len(runs), first, latest
    )
