"""Bundle -> store, shard by shard: idempotent, and resumable after a kill at any point.

Each file is marked `started` before its rows go in and `done` after. A file that was never begun is created as it
is; one that was begun and not finished, whose rows other runs share (nodes, structural relationships), or that is
about a neuron of which another shard has told before, is first compared with what the store holds, and only the missing
rows are created. So a resumed load ends with the graph of
an undisturbed one. One loader at a time writes to a store: it holds the store's loading lock for a shard, or for all
shards of a bundle, and reads the ledger anew where others loaded meanwhile.

A run that takes the place of others goes in beside them. The Run node says which ones go, and they go when the new
run is complete: whatever is cut off in between, the same job again finishes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import pyarrow as pa

from ...ingest.bundle import Bundle, FileEntry, RunInfo, ShardEntry
from ...queries.catalogue.corpora import corpora
from ...schema import MATRICES, NODES, RELATIONSHIPS, Node, Relationship, Table, arrow_schema, conform, table
from ...schema.compute import pc
from ..place import WAITING
from ..stores import headlines, statements
from ..stores.base import Store
from ..stores.facts import by_people, keep_facts, newer
from ..stores.lock import Turn
from ..stores.rows import first_of_each, missing_rows
from .admission import admit, models_of
from .keepsakes import handed_back, ids_of
from .ledger import UNKNOWN, Before, Ledger
from .lines import Touched
from .overlaps import Overlaps
from .report import LoadReport
from .runs import Settled, beside, forget_agreement, replaced_by, retire, rows_of, settle, settle_all
from .said import QUIET

Progress = Callable[[str, int, int], None]
"""Told the step, rows done and rows in all."""

Step = Literal["nodes", "relationships", "all"]
STEPS: tuple[Step, ...] = ("nodes", "relationships")


class Loader:
    """Loads the shards of one run as they become ready."""

    def __init__(self, store: Store, run: RunInfo, progress: Progress | None = None) -> None:
        self._store = store
        self._run = run
        self.progress = progress or (lambda step, done, total: None)
        self._waits = self.progress
        """told of waiting also where a job's own steps are on screen"""
        self.report = LoadReport(run.id, same_as=run.scope.get("same_as"))
        self._ledger: Ledger
        """read when the loading lock is held for the first time"""
        self._overlaps = Overlaps()
        self._touched = Touched(run.id)
        self._last: int | None = None
        """its last turn at loading; another may have loaded, with the same handle too, since"""
        self._turn: Turn | None = None

    def begin(self, run: RunInfo, clash: Settled = "refuse") -> None:
        """Write the Run node, so that a half-loaded run can be seen, judged and taken away; with it, which runs go
        once this one is complete. Raises what `settle` raises."""
        with self._alone():
            self._describe(run, settle(self._store, run, clash))

    def describe(self, run: RunInfo) -> None:
        """Write the Run node as it stands."""
        with self._alone():
            self._describe(run)

    def shards(self, bundle: Bundle, shards: Sequence[ShardEntry], step: Step = "all") -> None:
        """Bring shards in: the nodes of all of them first, then the relationships, so that their order is free."""
        with self._alone():
            for relationships in (False, True):
                if step in ("all", "relationships" if relationships else "nodes"):
                    for shard in shards:
                        self._shard(bundle, shard, relationships)

    def finish(self, run: RunInfo) -> LoadReport:
        """Record the run and what it was derived from; where it is complete, take away the runs it replaces."""
        with self._alone():
            self._describe(run)
            known = self._store.existing_ids(NODES["Run"], run.derived_from)
            self._relationships(
                RELATIONSHIPS["Run.DERIVED_FROM.Run"], derived_rows(run, set(known.to_pylist())), begun=True
            )
            if headlines.across_shards(run.job, [*self.report.created, *self.report.known]):
                headlines.fill(self._store, run.id)
            if run.ended is not None:
                self._retire(run)
            self._touched.make(self._store, self.progress)
            self.report.beside = beside(self._store, run)
            called = corpora(self._store) if self.report.beside else {}
            self.report.corpora = {other: called[other] for other in self.report.beside if other in called}
        return self.report

    def _retire(self, run: RunInfo) -> None:
        rows = {other: rows_of(self._store, other) for other in replaced_by(self._store, run.id)}
        gone = retire(self._store, run.id)
        self.report.replaced, self.report.deleted = tuple(gone), rows
        for stayed in gone.values():
            for label, nodes in stayed.items():
                self.report.kept[label] = self.report.kept.get(label, 0) + nodes

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the store's loading lock, with a ledger that knows what others loaded meanwhile, in this process too."""
        with self._store.loading(lambda who: self._waits(f"{WAITING}{who} to finish loading", 0, 1)) as turn:
            if turn.fresh or turn.number - 1 != self._last:
                self._ledger = Ledger(self._store, self._run.id)
                if self._ledger.interrupted:
                    self._store.repair()
            self._turn, self._last = turn, turn.number
            try:
                yield
            finally:
                self._turn = None

    def _describe(self, run: RunInfo, replaces: Sequence[str] = ()) -> None:
        self._store.merge_nodes(NODES["Run"], run_rows(run, replaces))
        if run.job not in QUIET:
            forget_agreement(self._store, run.model)

    def _shard(self, bundle: Bundle, shard: ShardEntry, relationships: bool) -> None:
        entries = [
            entry
            for entry in shard.files
            if entry.table not in MATRICES and (entry.table in RELATIONSHIPS) == relationships
        ]
        todo = [entry for entry in entries if self._ledger.state(shard.name, entry) != "done"]
        self._touched.note(self._store, bundle, shard, todo)
        shared = self._ledger.elsewhere([entry for entry in todo if not _of_one_run(table(entry.table))])
        here = [entry for entry in todo if entry.sha256 in shared]
        missing = [entry for entry in todo if entry.sha256 not in shared]
        before = {entry.table: self._ledger.before(shard.name, entry) for entry in missing}
        self._ledger.mark(shard.name, here, "done", {entry.table: 0 for entry in here if table(entry.table).evidence})
        self._ledger.mark(shard.name, missing, "started")
        total, done = sum(entry.rows for entry in entries), sum(entry.rows for entry in entries if entry not in missing)
        for entry in entries:
            if entry not in missing:
                self._count(entry.table, 0, entry.rows)
        partly, added = [], {}
        for entry in missing:
            whole, added[entry.table] = self._file(bundle, shard.name, entry, before[entry.table], done, total)
            partly += [] if whole else [entry]
            done += entry.rows
        self._ledger.mark(shard.name, partly, "partly", added)
        self._ledger.mark(shard.name, [entry for entry in missing if entry not in partly], "done", added)

    def _file(
        self, bundle: Bundle, shard: str, entry: FileEntry, before: Before, done: int, total: int
    ) -> tuple[bool, int | None]:
        """Bring one file in; whether all of it, and how many rows of the run's own it added, now and before."""
        label = f"{shard} {entry.table}"
        self.progress(label, done, total)
        rows = bundle.read(entry)
        kind = table(entry.table)
        seen = [done]

        def tick(count: int) -> None:
            if self._turn is not None:
                self._turn.check()
            seen[0] += count
            self.progress(label, seen[0], total)

        overlap = kind.evidence and self._overlaps.any(bundle, shard, entry, rows, self._ledger)
        if isinstance(kind, Node):
            created, owned = self._nodes(kind, rows, before.begun, tick)
        else:
            rows = self._with_people(kind, rows)
            created, different = self._relationships(kind, rows, before.begun or overlap, tick)
            owned = created if overlap else different
        self._count(entry.table, created, rows.num_rows - created)
        added = owned if before.added is None else before.added + created
        if before.begun and overlap and before.added is None:
            added = UNKNOWN
        return bool(rows.num_rows == entry.rows), added if kind.evidence else None

    def _with_people(self, rel: Relationship, rows: pa.Table) -> pa.Table:
        """Without the rows that start at what a person noted in another store and not in this one."""
        if rel.start != "Finding" or not rows.num_rows:
            return rows
        known = self._store.existing_ids(NODES[rel.start], pc.unique(rows.column("start")).to_pylist())
        kept = rows.filter(pc.is_in(rows.column("start"), value_set=known))
        if kept.num_rows < rows.num_rows:
            left = self.report.left_out
            left[rel.name] = left.get(rel.name, 0) + rows.num_rows - kept.num_rows
        return kept

    def _nodes(self, node: Node, rows: pa.Table, begun: bool, tick: Callable[[int], None]) -> tuple[int, int]:
        """How many were created, and how many of the file's are now the run's own."""
        rows = first_of_each(rows, ["id"])
        new, held = rows, 0
        if self._any(node):
            known = self._store.existing_ids(node, rows.column("id").to_pylist())
            new = rows.filter(pc.invert(pc.is_in(rows.column("id"), value_set=known)))
            held = handed_back(self._store, node, known.to_pylist(), self._run.id)
            if begun and node.evidence:
                held = len(set(known.to_pylist()) & ids_of(self._store, node, self._run.id))
            if node.label == "Model":
                rows = keep_facts(rows, models_of(self._store, rows))
            if node.label == "Score":
                self._again(rows)
            if node.label == "Finding":
                rows = new  # what a person noted here stays as it is
        if node.merged:
            self._store.merge_nodes(node, rows)
        elif new.num_rows:
            self._store.create_nodes(node, new, tick)
        return int(new.num_rows), int(new.num_rows) + held

    def _again(self, rows: pa.Table) -> None:
        """Where a person gave a score again, the newest counts."""
        given = rows.filter(pc.and_(by_people(rows), pc.fill_null(pc.greater(rows.column("revision"), 1), False)))
        if given.num_rows:
            text = "MATCH (s:Score) WHERE s.id IN $ids RETURN s.id, coalesce(s.revision, 1)"
            known = self._store.read(text, {"ids": given.column("id").to_pylist()}, timeout=None, limit=None).rows
            self._store.merge_nodes(NODES["Score"], newer(given, dict(known)))

    def _relationships(
        self, rel: Relationship, rows: pa.Table, begun: bool, tick: Callable[[int], None] | None = None
    ) -> tuple[int, int]:
        """How many were created, and how many different rows there are."""
        key = ["start", "end", *rel.key]
        rows = first_of_each(rows, key)
        different = int(rows.num_rows)
        if (begun or not rel.evidence) and self._any(rel):
            run = self._run.id if rel.evidence else None
            known = self._store.existing_relationships(rel, pc.unique(rows.column("start")).to_pylist(), run)
            rows = missing_rows(rows, known, key)
        if rows.num_rows:
            self._store.create_relationships(rel, rows, tick)
        return int(rows.num_rows), different

    def _any(self, kind: Table) -> bool:
        """Whether the store holds any row of the kind: where it does not, nothing need be compared."""
        return bool(self._store.read(statements.count(kind), timeout=None).rows[0][0])

    def _count(self, name: str, created: int, known: int) -> None:
        self.report.created[name] = self.report.created.get(name, 0) + created
        self.report.known[name] = self.report.known.get(name, 0) + known


def load(store: Store, bundle: Bundle, progress: Progress | None = None, clash: Settled = "alongside") -> LoadReport:
    """Load a whole bundle; see `load_all`."""
    return load_all(store, [bundle], progress, clash)[0]


def load_all(
    store: Store, bundles: Sequence[Bundle], progress: Progress | None = None, clash: Settled = "alongside"
) -> list[LoadReport]:
    """Load whole bundles in any order: what one tells of may be in another of them, or in the store.

    Nothing is written before all of them are checked. Raises BundleError or SchemaError for what a bundle may not
    hold, RunError or WeightsError where a run has no place in the store.
    """
    settle_all(store, [bundle.run for bundle in bundles], clash)
    admit(store, bundles, progress)
    loaders = [Loader(store, bundle.run, progress) for bundle in bundles]
    for loader, bundle in zip(loaders, bundles, strict=True):
        loader.begin(bundle.run, clash)
    for step in STEPS:
        for loader, bundle in zip(loaders, bundles, strict=True):
            loader.shards(bundle, list(bundle.shards.values()), step)
    return [loader.finish(bundle.run) for loader, bundle in zip(loaders, bundles, strict=True)]


def run_rows(run: RunInfo, replaces: Sequence[str] = ()) -> pa.Table:
    """The Run node of a run, as a one-row table."""
    return conform(
        NODES["Run"],
        pa.Table.from_pylist(
            [
                {
                    "id": run.id,
                    "job": run.job,
                    "model": run.model,
                    "weights": run.weights,
                    "parameters": json.dumps(run.parameters, sort_keys=True),
                    "summary": json.dumps(run.summary, sort_keys=True) if run.summary else None,
                    "code": run.code,
                    "schema": run.schema,
                    "started": run.started or None,
                    "ended": run.ended,
                    "replaces": list(replaces) or None,
                }
            ]
        ),
    )


def derived_rows(run: RunInfo, known: set[str]) -> pa.Table:
    """DERIVED_FROM relationships to those of the run's sources that are in `known`."""
    sources = [source for source in run.derived_from if source in known]
    rel = RELATIONSHIPS["Run.DERIVED_FROM.Run"]
    return pa.table({"start": [run.id] * len(sources), "end": sources}, schema=arrow_schema(rel))


def _of_one_run(kind: Table) -> bool:
    """Whether rows are named by their run, so that an equal file of another run does not bring them in."""
    return isinstance(kind, Relationship) and kind.evidence
