"""Findings: notes about neurons of a model, and what became of them in its fine-tunes."""

from __future__ import annotations

import getpass
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...ingest.bundle.writer import now
from ...ingest.findings.tables import Noted, finding_tables
from ...ingest.job import Progress, silent
from ...queries.answers.findings import Carry, Finding, FindingCard, carries, finding_card, findings, place
from ...queries.answers.neuron import known_neuron
from ...schema import NODES, RELATIONSHIPS, NeuronId, QueryError, digest
from ..jobs import carry as carrying
from ..load import known_runs
from ..load.loader import LoadReport
from ..load.write import write_and_load
from ..place import Place
from ..stores import statements
from ..stores.base import Store
from ..stores.rows import missing_rows

if TYPE_CHECKING:
    from ...ingest.findings.job import CarryJob

CARRIED = "Finding.CARRIED_TO.Neuron"


@dataclass(frozen=True)
class CarryReport:
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


class Findings:
    """Reached as `kb.findings`."""

    def __init__(self, store: Store, place: Place) -> None:
        self._store, self._place = store, place

    def add(
        self, text: str, about: Sequence[str], *, author: str | None = None, evidence: Sequence[str] = ()
    ) -> Finding:
        """Note `text` about neurons of one model, named in any form; `evidence` are ids of nodes or runs of the store.

        The author is git's user.name or the user's, unless given. The same note again changes nothing. Raises
        QueryError for a neuron or evidence that is not there, or an empty text.
        """
        neurons = [NeuronId.parse(name) for name in dict.fromkeys(about)]
        if not text.strip() or not neurons:
            raise QueryError("a finding needs a text and at least one neuron it is about; give --about MODEL/L3/N17")
        if len({neuron.model for neuron in neurons}) > 1:
            named = ", ".join(dict.fromkeys(neuron.model for neuron in neurons))
            raise QueryError(f"a finding is about neurons of one model, not of {named}; add one for each")
        for neuron in neurons:
            known_neuron(self._store, neuron)
        self._check(evidence)
        names, who = tuple(sorted(map(str, neurons))), author or default_author()
        name = f"finding-{digest({'text': text.strip(), 'author': who, 'about': list(names)})[:12]}"
        note = Noted(name, text.strip(), who, now(), neurons[0].model, names, tuple(evidence))
        for held in self.list(note.model):
            if held.id == name:
                both = tuple(dict.fromkeys((*held.evidence, *evidence)))
                note = replace(note, created=held.created, evidence=both)
        self._write(note)
        return finding_card(self._store, note.id).finding

    def list(self, model: str | None = None) -> tuple[Finding, ...]:
        """All findings, or those about a model's neurons."""
        return findings(self._store, model)

    def show(self, finding: str) -> FindingCard:
        """One finding, by its id or the beginning of it, with everything that became of it. Raises QueryError."""
        return finding_card(self._store, finding)

    def carries(self, base: str, tuned: str) -> tuple[Carry, ...]:
        """What became of a base's findings in a fine-tune: the current run's."""
        return tuple(one for one in carries(self._store, base=base, tuned=tuned) if one.superseded_by is None)

    def carry(
        self,
        base: str,
        tuned: str,
        *,
        base_weights: str | None = None,
        tuned_weights: str | None = None,
        write: bool = True,
        progress: Progress = silent,
    ) -> CarryReport:
        """Judge every finding of `base` in its fine-tune `tuned`, and store the verdicts.

        Whole weight matrices are read where the models were decoded from, or from `base_weights` and `tuned_weights`;
        where they cannot be, the link's numbers are used. Without `write` the store stays as it is. The same evidence
        again is the same run; other evidence makes a new one, and the older stays. Raises LinkError, QueryError.
        """
        weights = base_weights, tuned_weights
        job, why = carrying.carry_job(self._store, self._place, self.list(base), base, tuned, weights)
        folder = known_runs.bundle_for(job, self._store, self._place)
        if not write:
            return CarryReport(base, tuned, job.run.id, _previewed(job, progress), None, job.supersedes, why)
        report = write_and_load(job, self._store, folder, clash="alongside", progress=progress)
        found = carries(self._store, base=base, tuned=tuned, run=job.run.id)
        return CarryReport(base, tuned, job.run.id, found, report, job.supersedes, why)

    def remove(self, finding: str) -> Finding:
        """Take a finding away with all that became of it. Raises QueryError."""
        found = finding_card(self._store, finding).finding
        with self._store.loading(lambda who: None):
            self._store.write(statements.delete_nodes(NODES["Finding"]), {"ids": [found.id]})
        return found

    def _check(self, evidence: Sequence[str]) -> None:
        """Raise QueryError for an id that names nothing in the store."""
        left = set(evidence)
        for node in NODES.values():
            if left:
                left -= set(self._store.existing_ids(node, sorted(left)).to_pylist())
        if left:
            raise QueryError(
                f"evidence {min(left)!r} is no node or run of the store; give ids that neuronkb query or runs shows"
            )

    def _write(self, note: Noted) -> None:
        tables = finding_tables([note])
        rel = RELATIONSHIPS["Finding.ABOUT.Neuron"]
        with self._store.loading(lambda who: None):
            self._store.merge_nodes(NODES["Finding"], tables["Finding"])
            known = self._store.existing_relationships(rel, [note.id])
            rows = missing_rows(tables[rel.name], known, ["start", "end"])
            if rows.num_rows:
                self._store.create_relationships(rel, rows)


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
