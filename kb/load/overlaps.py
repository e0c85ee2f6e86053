"""Which files of a run tell of a node that another told of before: their rows may be in the store already.

A row of a run is named by its ends and its key, whichever shard tells of it: told twice, the first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import pyarrow as pa

from ...ingest.bundle import Bundle, FileEntry
from ...schema import NODES
from ...schema.compute import pc
from .ledger import Ledger


@dataclass(frozen=True)
class Told:
    """The different nodes of a file, or those that its relationships start at."""

    ids: pa.Array
    first: str
    last: str

    @classmethod
    def of(cls, ids: pa.ChunkedArray) -> Self:
        """The nodes of a column of ids."""
        ends = pc.min_max(ids).as_py()
        return cls(pc.unique(ids), ends["min"] or "", ends["max"] or "")

    def common(self, other: Told) -> pa.Array:
        """Those that both tell of."""
        if self.last < other.first or other.last < self.first:
            return self.ids[:0]
        return self.ids.filter(pc.is_in(self.ids, value_set=other.ids))


class Overlaps:
    """What the files of one run tell of, each read once."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], Told] = {}
        """by table and checksum"""

    def told(self, table: str, sha256: str, rows: pa.Table) -> Told:
        """What a file tells of, whose rows are at hand."""
        key = (table, sha256)
        if key not in self._told:
            self._told[key] = Told.of(rows.column("id" if table in NODES else "start"))
        return self._told[key]

    def any(self, bundle: Bundle, shard: str, entry: FileEntry, rows: pa.Table, ledger: Ledger) -> bool:
        """Whether another shard of the run that was begun before tells of one of the nodes that `rows`, a file's, do.

        A shard that is not in this bundle, or told something else before, cannot be looked into: it may.
        """
        told = self.told(entry.table, entry.sha256, rows)
        for name in sorted(ledger.begun(entry.table) - {shard}):
            other = _file(bundle, name, entry.table)
            if other is None or ledger.told_else(name, other) or len(told.common(self._read(bundle, other))):
                return True
        return False

    def _read(self, bundle: Bundle, entry: FileEntry) -> Told:
        key = (entry.table, entry.sha256)
        return self._told[key] if key in self._told else self.told(*key, bundle.read(entry))


def _file(bundle: Bundle, shard: str, table: str) -> FileEntry | None:
    files = bundle.shards[shard].files if shard in bundle.shards else ()
    return next((entry for entry in files if entry.table == table), None)
