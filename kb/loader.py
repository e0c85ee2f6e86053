"""Bundle -> store, shard by shard: idempotent, and resumable after a kill at any point.

Each file is marked `started` before its rows go in and `done` after. A file that was never begun is created as it
is; one that was begun and not finished, whose rows other runs share (nodes, structural relationships), or that is
about a neuron of which another shard has told before, is first compared with what the store holds, and only the missing
rows are created. So a resumed load ends with the graph of
an undisturbed one. One loader at a time may write to a store.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pyarrow as pa

from ..ingest.bundle import UNVERIFIED, Bundle, FileEntry, RunInfo, ShardEntry
from ..schema import (
    MATRICES,
    NODES,
    RELATIONSHIPS,
    Node,
    Relationship,
    SchemaError,
    Table,
    arrow_schema,
    conform,
    table,
)
from ..schema.compute import pc
from .ledger import Ledger
from .stores import statements
from .stores.base import Store
from .stores.rows import first_of_each

Progress = Callable[[str, int, int], None]
"""Told the step, rows done and rows in all."""


@dataclass
class LoadReport:
    """What a load read and wrote."""

    run: str
    created: dict[str, int] = field(default_factory=dict)
    """New rows by table."""
    known: dict[str, int] = field(default_factory=dict)
    """Rows by table that the store held already."""

    @property
    def total(self) -> int:
        """New rows in all."""
        return sum(self.created.values())


class Loader:
    """Loads the shards of one run as they become ready."""

    def __init__(self, store: Store, run: RunInfo, progress: Progress | None = None) -> None:
        self._store = store
        self._run = run
        self.progress = progress or (lambda step, done, total: None)
        self._ledger = Ledger(store, run.id)
        self.report = LoadReport(run.id)
        self._neurons: dict[str, pa.Array] = {}
        """of shards, by checksum"""
        if self._ledger.interrupted:
            store.repair()

    def describe(self, run: RunInfo) -> None:
        """Write the Run node as it stands, so that a half-loaded run can be seen, judged and taken away."""
        self._store.merge_nodes(NODES["Run"], run_rows(run))

    def shard(self, bundle: Bundle, shard: ShardEntry) -> None:
        """Bring one shard in: its nodes first, then its relationships."""
        stored = [entry for entry in shard.files if entry.table not in MATRICES]
        entries = sorted(stored, key=lambda entry: entry.table in RELATIONSHIPS)
        todo = [entry for entry in entries if self._ledger.state(shard.name, entry) != "done"]
        shared = self._ledger.elsewhere([entry for entry in todo if not _owned(table(entry.table))])
        here = [entry for entry in todo if entry.sha256 in shared]
        self._ledger.mark(shard.name, here, "done")
        missing = [entry for entry in todo if entry.sha256 not in shared]
        begun = {entry.table for entry in missing if self._ledger.state(shard.name, entry) is not None}
        begun |= self._told_before(bundle, shard) if missing else set()
        self._ledger.mark(shard.name, missing, "started")
        total, done = sum(entry.rows for entry in entries), sum(entry.rows for entry in entries if entry not in missing)
        for entry in entries:
            if entry not in missing:
                self._count(entry.table, 0, entry.rows)
        for entry in missing:
            self._file(bundle, shard.name, entry, entry.table in begun, done, total)
            done += entry.rows
        self._ledger.mark(shard.name, missing, "done")

    def finish(self, run: RunInfo) -> LoadReport:
        """Record the complete run and what it was derived from."""
        self.describe(run)
        known = self._store.existing_ids(NODES["Run"], run.derived_from)
        self._relationships(
            RELATIONSHIPS["Run.DERIVED_FROM.Run"], derived_rows(run, set(known.to_pylist())), begun=True
        )
        return self.report

    def _told_before(self, bundle: Bundle, shard: ShardEntry) -> set[str]:
        """Tables in which another shard of the run, loaded before, tells of one of the shard's neurons."""
        own = self._neurons_of(bundle, shard)
        found: set[str] = set()
        for other in bundle.shards.values() if len(own) else ():
            tables = {entry.table for entry in other.files if self._ledger.state(other.name, entry) is not None}
            if other.name == shard.name or tables <= found:
                continue
            if pc.any(pc.is_in(self._neurons_of(bundle, other), value_set=own)).as_py():
                found |= tables
        return found

    def _neurons_of(self, bundle: Bundle, shard: ShardEntry) -> pa.Array:
        for entry in shard.files:
            if entry.table == "Neuron":
                if entry.sha256 not in self._neurons:
                    self._neurons[entry.sha256] = bundle.read(entry).column("id").combine_chunks()
                return self._neurons[entry.sha256]
        return pa.array([], pa.string())

    def _file(self, bundle: Bundle, shard: str, entry: FileEntry, begun: bool, done: int, total: int) -> None:
        label = f"{shard} {entry.table}"
        self.progress(label, done, total)
        rows = bundle.read(entry)
        kind = table(entry.table)
        seen = [done]

        def tick(count: int) -> None:
            seen[0] += count
            self.progress(label, seen[0], total)

        if isinstance(kind, Node):
            created = self._nodes(kind, rows, tick)
        else:
            created = self._relationships(kind, rows, begun, tick)
        self._count(entry.table, created, entry.rows - created)

    def _nodes(self, node: Node, rows: pa.Table, tick: Callable[[int], None]) -> int:
        rows = first_of_each(rows, ["id"])
        new = rows
        if self._any(node):
            known = self._store.existing_ids(node, rows.column("id").to_pylist())
            new = rows.filter(pc.invert(pc.is_in(rows.column("id"), value_set=known)))
            if node.label == "Model":
                rows = keep_weights(rows, known)
        if node.merged:
            self._store.merge_nodes(node, rows)
        elif new.num_rows:
            self._store.create_nodes(node, new, tick)
        return int(new.num_rows)

    def _relationships(
        self, rel: Relationship, rows: pa.Table, begun: bool, tick: Callable[[int], None] | None = None
    ) -> int:
        key = ["start", "end", *rel.key]
        rows = first_of_each(rows, key)
        if (begun or not rel.evidence) and self._any(rel):
            run = self._run.id if rel.evidence else None
            known = self._store.existing_relationships(rel, pc.unique(rows.column("start")).to_pylist(), run)
            rows = missing_rows(rows, known, key)
        if rows.num_rows:
            self._store.create_relationships(rel, rows, tick)
        return int(rows.num_rows)

    def _any(self, kind: Table) -> bool:
        """Whether the store holds any row of the kind: where it does not, nothing need be compared."""
        return bool(self._store.read(statements.count(kind), timeout=None).rows[0][0])

    def _count(self, name: str, created: int, known: int) -> None:
        self.report.created[name] = self.report.created.get(name, 0) + created
        self.report.known[name] = self.report.known.get(name, 0) + known


def load(store: Store, bundle: Bundle, progress: Progress | None = None) -> LoadReport:
    """Load a whole bundle. The caller has settled clashes with other runs."""
    loader = Loader(store, bundle.run, progress)
    loader.describe(bundle.run)
    for shard in bundle.shards.values():
        loader.shard(bundle, shard)
    return loader.finish(bundle.run)


def run_rows(run: RunInfo) -> pa.Table:
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
                }
            ]
        ),
    )


def derived_rows(run: RunInfo, known: set[str]) -> pa.Table:
    """DERIVED_FROM relationships to those of the run's sources that are in `known`."""
    sources = [source for source in run.derived_from if source in known]
    rel = RELATIONSHIPS["Run.DERIVED_FROM.Run"]
    return pa.table({"start": [run.id] * len(sources), "end": sources}, schema=arrow_schema(rel))


def missing_rows(rows: pa.Table, known: pa.Table, key: list[str]) -> pa.Table:
    """The rows whose key is not among `known`, in order."""
    if not known.num_rows:
        return rows
    if set(known.column_names) != set(key):
        raise SchemaError(f"expected the columns {key}, found {known.column_names}")
    numbered = rows.select(key).append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    left = numbered.join(known.select(key), keys=key, join_type="left anti")
    return rows.take(left.column("row").sort())


def keep_weights(models: pa.Table, known: pa.Array) -> pa.Table:
    """Model rows that say nothing of a known model's weights where they only say that nobody checked them."""
    place = models.schema.get_field_index("weights")
    vague = pc.and_(pc.equal(models.column("weights"), UNVERIFIED), pc.is_in(models.column("id"), value_set=known))
    weights = pc.if_else(pc.fill_null(vague, False), pa.scalar(None, pa.string()), models.column("weights"))
    return models.set_column(place, models.schema.field(place), weights)


def _owned(kind: Table) -> bool:
    """Whether rows belong to one run alone, so that an equal file of another run does not bring them in."""
    return isinstance(kind, Relationship) and kind.evidence
