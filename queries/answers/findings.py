"""What was found, and what became of it in fine-tunes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...schema import NeuronId, NotFoundError, QueryError
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_models
from ..result.record import Record, rows_of
from ..result.section import Section


@dataclass(frozen=True, repr=False)
class Finding(Record):
    """A note about neurons of one model."""

    id: str
    text: str
    author: str
    created: str
    model: str
    about: tuple[str, ...]
    evidence: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Its id and text."""
        return f"{self.id}: {self.text}"

    def sections(self) -> tuple[Section, ...]:
        """Who says it of what, and on what grounds."""
        facts = {"author": self.author, "created": self.created, "about": ", ".join(self.about)}
        return (Section.facts("The note", {**facts, "evidence": ", ".join(self.evidence) or None}),)


@dataclass(frozen=True, repr=False)
class Findings(Record):
    """What was found, oldest first."""

    findings: tuple[Finding, ...]
    model: str | None = None
    """the model whose neurons they are about; None for all"""

    @property
    def title(self) -> str:
        """How many there are."""
        many = len(self.findings)
        return f"{many:,} finding{'' if many == 1 else 's'}" + (f" about neurons of {self.model}" if self.model else "")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Where there is none, how one is noted."""
        of = f" about neurons of {self.model}" if self.model else ""
        return () if self.findings else (f"no findings{of} yet; neuronkb findings add TEXT --about ID notes one",)

    def sections(self) -> tuple[Section, ...]:
        """One a row."""
        rows = tuple(
            (
                finding.id,
                finding.created[:10],
                finding.author,
                ", ".join(name.removeprefix(f"{self.model}/") for name in finding.about),
                finding.text,
            )
            for finding in self.findings
        )
        return (Section("", ("finding", "created", "author", "about", "text"), rows),)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All that is known of each."""
        return rows_of(Finding, self.findings)


@dataclass(frozen=True)
class Carry:
    """What became of a finding about one neuron in one fine-tune, by one run."""

    finding: str
    text: str
    source: str
    """the base's neuron"""
    model: str
    """the fine-tune"""
    neuron: str
    """where it went; for lost and untested the same index"""
    verdict: str
    reason: str
    cos_gate: float | None
    cos_up: float | None
    cos_down: float | None
    jaccard: float | None
    graph_f1: float | None
    probe_f1: float | None
    explanation_score: float | None
    clamp_effect: float | None
    measures: tuple[dict[str, Any], ...]
    """each with kind, name, value, base, null, line, outcome and, where known, low, high, noise and run"""
    run: str
    created: str
    superseded_by: str | None = None
    """the later run that stands in its place; None for the current one"""


@dataclass(frozen=True, repr=False)
class FindingCard(Record):
    """A finding with its history."""

    finding: Finding
    carried: tuple[Carry, ...]
    """every run's, oldest first"""

    @property
    def title(self) -> str:
        """The finding's id and text."""
        return self.finding.title

    def sections(self) -> tuple[Section, ...]:
        """The note, and what became of it, every run's."""
        columns = ("created", "run", "neuron", "verdict", "now", "superseded by", "why")
        rows = [
            (c.created, c.run, c.source, c.verdict, c.neuron, c.superseded_by or "current", c.reason)
            for c in self.carried
        ]
        return (*self.finding.sections(), Section.table("In fine-tunes", columns, rows))


def findings(reader: Reader, model: str | None = None) -> tuple[Finding, ...]:
    """All findings, or those of a model; oldest first."""
    return tuple(map(finding_of, query("findings").run(reader, model=model, finding=None).dicts()))


def listed(reader: Reader, model: str | None = None) -> Findings:
    """All findings, or those of a model. Raises QueryError for a model that is not in the store."""
    held = findings(reader, model)
    if not held:
        check_models(reader, model)
    return Findings(held, model)


def finding_card(reader: Reader, finding: str) -> FindingCard:
    """One finding by its id or the beginning of it. Raises QueryError with the known ids."""
    known = findings(reader)
    found = [one for one in known if one.id == finding] or [
        one for one in known if one.id.removeprefix("finding-").startswith(finding.removeprefix("finding-"))
    ]
    if len(found) != 1 or not finding:
        ids = ", ".join(one.id for one in (found or known)[:10]) or "none; add one with neuronkb findings add"
        if found:
            raise QueryError(f"several findings begin {finding!r}; known: {ids}")
        raise NotFoundError(f"no finding is named {finding!r}; known: {ids}")
    return FindingCard(found[0], carries(reader, finding=found[0].id))


def carries(
    reader: Reader,
    *,
    finding: str | None = None,
    base: str | None = None,
    tuned: str | None = None,
    run: str | None = None,
) -> tuple[Carry, ...]:
    """What became of findings, every run's, by neuron; with `run` only that run's."""
    rows = query("findings_carried").run(reader, finding=finding, base=base, tuned=tuned, run=None).dicts()
    after = _replaced(rows)
    found = [_carry(row, after) for row in rows if run in (None, row["run"])]
    return tuple(sorted(found, key=place))


def place(one: Carry) -> tuple[str, tuple[int, int], int, str]:
    """What carries are sorted by: the base's neuron, then the finding; runs stay oldest first."""
    neuron = NeuronId.parse(one.source)
    return neuron.model, neuron.mlp.order, neuron.index, one.finding


def _replaced(rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Run -> the run that says it stands in its place."""
    found = {}
    for row in rows:
        before = json.loads(row["parameters"] or "{}").get("supersedes")
        if before:
            found[before] = row["run"]
    return found


def finding_of(row: dict[str, Any]) -> Finding:
    """A finding from its row of a query."""
    about, evidence = tuple(row.pop("about")), tuple(row.pop("evidence") or ())
    return Finding(**row, about=about, evidence=evidence)


def _carry(row: dict[str, Any], after: dict[str, str]) -> Carry:
    kept = {name: value for name, value in row.items() if name not in ("measures", "parameters")}
    measures = tuple(json.loads(row["measures"] or "[]"))
    return Carry(**kept, measures=measures, superseded_by=after.get(row["run"]))
