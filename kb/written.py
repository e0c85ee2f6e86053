"""What of each run is in the import files so far: what a store's ledger and its relationships would say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import pyarrow as pa

from ..ingest.bundle import Bundle, FileEntry
from ..schema import RELATIONSHIPS, Relationship, table
from ..schema.compute import pc
from .stores.rows import first_of_each, missing_rows


@dataclass(frozen=True)
class _File:
    """A file whose relationships are written."""

    bundle: Bundle
    entry: FileEntry
    starts: pa.Array
    """different ids of the nodes its rows start at"""

    def keys(self, rel: Relationship, starts: pa.Array) -> pa.Table:
        """Ends and keys of its rows that start at one of `starts`."""
        rows = self.bundle.read(self.entry).select(["start", "end", *rel.key])
        return rows.filter(pc.is_in(rows.column("start"), value_set=starts))


class Written:
    """Files are told one by one, in the order in which they would be loaded."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str], str] = {}
        """checksum by run, table and shard"""
        self._shared: set[str] = set()
        """checksums of files whose rows belong to no run"""
        self._files: dict[tuple[str, str], list[_File]] = defaultdict(list)
        """of relationships that belong to a run, by run and table"""

    def missing(self, bundle: Bundle, shard: str, entry: FileEntry) -> pa.Table | None:
        """The rows of a file that are to be written; None where the file is in already, whole.

        Of relationships of one run that two files tell of, in one bundle or in two, the first counts.
        """
        named = (bundle.run.id, entry.table, shard)
        kind = table(entry.table)
        owned = isinstance(kind, Relationship) and kind.evidence
        if self._sums.get(named) == entry.sha256 or (not owned and entry.sha256 in self._shared):
            self._sums[named] = entry.sha256
            return None
        self._sums[named] = entry.sha256
        rows = bundle.read(entry)
        if not owned:
            self._shared.add(entry.sha256)
            return rows
        return self._untold(bundle, entry, rows)

    def _untold(self, bundle: Bundle, entry: FileEntry, rows: pa.Table) -> pa.Table:
        rel = RELATIONSHIPS[entry.table]
        key = ["start", "end", *rel.key]
        starts = pc.unique(rows.column("start"))
        before = self._files[bundle.run.id, entry.table]
        rows = first_of_each(rows, key)
        for other in before:
            common = starts.filter(pc.is_in(starts, value_set=other.starts))
            if len(common):
                rows = missing_rows(rows, first_of_each(other.keys(rel, common), key), key)
        before.append(_File(bundle, entry, starts))
        return rows
