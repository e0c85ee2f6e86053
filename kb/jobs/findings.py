"""Findings: notes about neurons of a model, and what became of them in its fine-tunes."""

from __future__ import annotations

import getpass
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.bundle.writer import now
from ...ingest.findings.tables import Noted, finding_tables
from ...ingest.progress import Progress
from ...queries.answers.findings import Carry, Finding, carries, finding_card, findings, place
from ...queries.answers.known import known_neuron
from ...queries.result.markdown import document
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import NODES, RELATIONSHIPS, NeuronId, QueryError, digest, place_in
from ..load import known_runs
from ..load.lines import refresh_lines
from ..load.report import LoadReport
from ..load.write import write_and_load
from ..session import Session
from ..stores import statements
from ..stores.base import Store
from ..stores.rows import missing_rows
from . import carry as carrying

if TYPE_CHECKING:
    from ...ingest.findings.job import CarryJob

CARRIED = "Finding.CARRIED_TO.Neuron"


BEHAVIOUR = ("graph", "probe", "explanation", "clamp", "activation")
"""Kinds of measures of what a neuron does; the others are of its rows."""


@dataclass(frozen=True, repr=False)
class FindingRemoved(Record):
    """A finding that was taken away."""

    finding: Finding

    @property
    def title(self) -> str:
        """What happened."""
        return f"removed {self.finding.title}"

    def sections(self) -> tuple[Section, ...]:
        """Nothing more to show."""
        return ()


@dataclass(frozen=True, repr=False)
class CarryReport(Record):
    """What became of every finding of a base in its fine-tune."""

    base: str
    tuned: str
    run: str
    carries: tuple[Carry, ...]
    load: LoadReport | None
    """None for a preview, which writes nothing"""
    supersedes: str | None
    """the run whose verdicts these replace"""
    note: str | None
    """why whole matrices could not be read, if so: then nothing can be found to have moved"""

    @property
    def counts(self) -> dict[str, int]:
        """Neurons by verdict, in the order of the verdicts."""
        from ...ingest.findings.verdict import VERDICTS

        said = [one.verdict for one in self.carries]
        return {name: said.count(name) for name in VERDICTS}

    @property
    def title(self) -> str:
        """The two models."""
        return f"Findings of {self.base} in {self.tuned}"

    @property
    def lead(self) -> str:
        """The run and its verdicts, what it stands in place of, and what could not be read."""
        counts = ", ".join(f"{n} {name}" for name, n in self.counts.items() if n) or "nothing to judge"
        said = [f"Run {self.run}{' (a preview, not stored)' if self.load is None else ''}: {counts}"]
        if self.supersedes:
            said.append(f"It stands in the place of {self.supersedes}")
        if self.note:
            said.append(f"Whole matrices could not be read, so nothing can be found to have moved: {self.note}")
        return ". ".join(said)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was not looked for, and what the load left out."""
        unread = "whole matrices could not be read, so nothing can have moved; say where they are with --base-weights "
        lines = (f"{unread}and --tuned-weights",) if self.note else ()
        return (*lines, *(self.load.warnings if self.load else ()))

    def json(self) -> dict[str, Any]:
        """The fields, and the counts."""
        return {**super().json(), "counts": self.counts}

    def sections(self) -> tuple[Section, ...]:
        """Each finding's verdict and why; then what each neuron does in both models, and which rows were not kept."""
        return tuple(self._sections(lambda measure: measure["kind"] in BEHAVIOUR or measure["outcome"] != "kept"))

    def markdown(self) -> str:
        """A report with every measure, also those of rows that were kept."""
        return document(self.title, self.lead, tuple(self._sections(lambda measure: True)))

    def _sections(self, wanted: Callable[[Mapping[str, Any]], bool]) -> Iterator[Section]:
        columns = ("finding", "neuron", "verdict", "now", "gate", "up", "down", "tokens")
        rows = [
            (c.text, _place(c.source), c.verdict, _place(c.neuron), c.cos_gate, c.cos_up, c.cos_down, c.jaccard)
            for c in self.carries
        ]
        yield Section("Verdicts: cosines of its rows, share of tokens", columns, tuple(rows))
        why = tuple((_place(carry.source), carry.verdict, carry.reason) for carry in self.carries)
        yield Section("Why", ("neuron", "verdict", "why"), why)
        heads = ("neuron", "measure", "value", "interval", "base", "null", "outcome")
        measured = [
            (_place(carry.source), f"{m['kind']} {m['name']}", *_numbers(m), m["outcome"])
            for carry in self.carries
            for m in carry.measures
            if wanted(m)
        ]
        if measured:
            yield Section("What they do, and what of them changed", heads, tuple(measured))


def _place(neuron: str) -> str:
    """L3/N17: the models are in the title."""
    return place_in(neuron)


def _numbers(measure: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Value, interval, the base's value and null, short enough for a terminal of 80 columns."""
    value, base, null = (f"{measure[name]:.3g}" for name in ("value", "base", "null"))
    return value, f"{measure['low']:.3g} to {measure['high']:.3g}" if "low" in measure else "exact", base, null


def add_finding(
    store: Store, text: str, about: Sequence[str], author: str | None = None, evidence: Sequence[str] = ()
) -> Finding:
    """The work of `kb.findings.add`: ids in any form; `evidence` are ids of nodes or runs of the store."""
    neurons = [NeuronId.parse(name) for name in dict.fromkeys([about] if isinstance(about, str) else about)]
    if not text.strip() or not neurons:
        raise QueryError("a finding needs a text and at least one neuron it is about; give --about MODEL/L3/N17")
    if len({neuron.model for neuron in neurons}) > 1:
        named = ", ".join(dict.fromkeys(neuron.model for neuron in neurons))
        raise QueryError(f"a finding is about neurons of one model, not of {named}; add one for each")
    for neuron in neurons:
        known_neuron(store, neuron)
    _check(store, evidence)
    names, who = tuple(sorted(map(str, neurons))), author or default_author()
    name = f"finding-{digest({'text': text.strip(), 'author': who, 'about': list(names)})[:12]}"
    note = Noted(name, text.strip(), who, now(), neurons[0].model, names, tuple(evidence))
    for held in findings(store, note.model):
        if held.id == name:
            both = tuple(dict.fromkeys((*held.evidence, *evidence)))
            note = replace(note, created=held.created, evidence=both)
    _write(store, note)
    return finding_card(store, note.id).finding


def carry(
    session: Session, base: str, tuned: str, weights: tuple[str | Path | None, str | Path | None], preview: bool
) -> CarryReport:
    """The work of `kb.findings.carry`.

    Whole weight matrices are read where the models were decoded from, or from `weights`; where they cannot be, the
    link's numbers are used. The same evidence again is the same run; other evidence makes a new one.
    """
    store, place, progress = session.store, session.place, session.progress
    one, two = (None if path is None else str(path) for path in weights)
    job, why = carrying.carry_job(store, place, findings(store, base), base, tuned, (one, two))
    folder = known_runs.bundle_for(job, store, place)
    if preview:
        return CarryReport(base, tuned, job.run.id, _previewed(job, progress), None, job.supersedes, why)
    report = write_and_load(job, store, folder, clash="alongside", progress=progress)
    stored = carries(store, base=base, tuned=tuned, run=job.run.id)
    return CarryReport(base, tuned, job.run.id, stored, report, job.supersedes, why)


def remove_finding(store: Store, name: str) -> FindingRemoved:
    """The work of `kb.findings.remove`."""
    card = finding_card(store, name)
    finding = card.finding
    with store.loading(lambda who: None):
        neurons = dict.fromkeys([*finding.about, *(carry.neuron for carry in card.carried)])
        store.write(statements.delete_nodes(NODES["Finding"]), {"ids": [finding.id]})
        refresh_lines(store, neurons)
    return FindingRemoved(finding)


def _check(store: Store, evidence: Sequence[str]) -> None:
    """Raise QueryError for an id that names nothing in the store."""
    left = set(evidence)
    for node in NODES.values():
        if left:
            left -= set(store.existing_ids(node, sorted(left)).to_pylist())
    if left:
        raise QueryError(
            f"evidence {min(left)!r} is no node or run of the store; give ids that neuronkb cypher or runs list shows"
        )


def _write(store: Store, note: Noted) -> None:
    tables = finding_tables([note])
    rel = RELATIONSHIPS["Finding.ABOUT.Neuron"]
    with store.loading(lambda who: None):
        store.merge_nodes(NODES["Finding"], tables["Finding"])
        known = store.existing_relationships(rel, [note.id])
        rows = missing_rows(tables[rel.name], known, ["start", "end"])
        if rows.num_rows:
            store.create_relationships(rel, rows)
        refresh_lines(store, note.about)


def _previewed(job: CarryJob, progress: Progress) -> tuple[Carry, ...]:
    """What a job would store."""
    texts = {note.id: note.text for note in job.notes}
    found = []
    for _, tables in job.shards((), progress):
        for row in tables[CARRIED].to_pylist() if CARRIED in tables else ():
            finding, neuron = row.pop("start"), row.pop("end")
            row["measures"] = tuple(json.loads(row["measures"]))
            found.append(
                Carry(finding=finding, text=texts[finding], model=job.tuned.model, neuron=neuron, created=now(), **row)
            )
    return tuple(sorted(found, key=place))


def default_author() -> str:
    """git's user.name, else the name of the user who runs this."""
    try:
        done = subprocess.run(["git", "config", "user.name"], capture_output=True, text=True, timeout=5, check=False)
        if name := done.stdout.strip():
            return name
    except (OSError, subprocess.TimeoutExpired):
        pass
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
