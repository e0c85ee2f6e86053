"""What of each run is in the import files so far: what a store's ledger and its relationships would say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyarrow as pa

from ...ingest.bundle import Bundle, FileEntry
from ...schema import RELATIONSHIPS, Relationship, table
from ...schema.compute import pc
from ..stores.rows import first_of_each, missing_rows
from .ledger import UNKNOWN, State, shard_rows
from .overlaps import Told


@dataclass(frozen=True)
class _File:
    """A file whose relationships are written."""

    bundle: Bundle
    entry: FileEntry
    told: Told

    def keys(self, rel: Relationship, starts: pa.Array) -> pa.Table:
        """Ends and keys of its rows that start at one of `starts`."""
        rows = self.bundle.read(self.entry).select(["start", "end", *rel.key])
        return rows.filter(pc.is_in(rows.column("start"), value_set=starts))


class Written:
    """Files are told one by one, in the order in which they would be loaded."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str], str] = {}
        """checksum by run, table and shard"""
        self._else: set[tuple[str, str, str]] = set()
        """files that told something else before"""
        self._partly: set[tuple[str, str, str]] = set()
        """files of which rows were left out"""
        self._added: dict[tuple[str, str, str], int] = {}
        self._findings: set[str] = set()
        self._whole: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        """by checksum the files that were in whole under it"""
        self._files: dict[tuple[str, str], list[_File]] = defaultdict(list)
        """of relationships that belong to a run, by run and table"""

    def missing(self, bundle: Bundle, shard: str, entry: FileEntry) -> pa.Table | None:
        """The rows of a file that are to be written; None where the file is in already, whole.

        Of relationships of one run that two files tell of, in one bundle or in two, the first counts. What starts at
        a finding that no bundle holds is left out.
        """
        named = (bundle.run.id, entry.table, shard)
        kind = table(entry.table)
        owned = isinstance(kind, Relationship) and kind.evidence
        before = self._sums.get(named)
        self._else |= {named} if before not in (None, entry.sha256) else set()
        whole = before == entry.sha256 and named not in self._partly
        equal = not owned and entry.sha256 in {self._sums[name] for name in self._whole[entry.sha256]}
        self._sums[named] = entry.sha256
        if whole or equal:
            self._whole[entry.sha256].add(named)
            return None
        rows = bundle.read(entry)
        if kind.name == "Finding":
            self._findings.update(rows.column("id").to_pylist())
        if isinstance(kind, Relationship) and kind.start == "Finding":
            rows = rows.filter(pc.is_in(rows.column("start"), value_set=pa.array(self._findings, pa.string())))
        if rows.num_rows < entry.rows:
            self._partly.add(named)
        else:
            self._partly.discard(named)
            self._whole[entry.sha256].add(named)
        return self._untold(bundle, entry, rows) if owned else rows

    def shard(self, bundle: Bundle, shard: str, entry: FileEntry, rows: int) -> pa.Table:
        """The Shard node of a file of which `rows` are written."""
        named = (bundle.run.id, entry.table, shard)
        added = None
        if table(entry.table).evidence:
            self._added[named] = UNKNOWN if named in self._else else self._added.get(named, 0) + rows
            added = self._added[named]
        state: State = "partly" if named in self._partly else "done"
        return shard_rows(bundle.run.id, shard, [entry], state, {entry.table: added})

    def _untold(self, bundle: Bundle, entry: FileEntry, rows: pa.Table) -> pa.Table:
        rel = RELATIONSHIPS[entry.table]
        key = ["start", "end", *rel.key]
        told = Told.of(rows.column("start"))
        before = self._files[bundle.run.id, entry.table]
        rows = first_of_each(rows, key)
        for other in before:
            common = told.common(other.told)
            if len(common):
                rows = missing_rows(rows, first_of_each(other.keys(rel, common), key), key)
        before.append(_File(bundle, entry, told))
        return rows
