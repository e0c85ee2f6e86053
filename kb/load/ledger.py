"""What of each bundle is in the store: one Shard node a file, `started` before its rows go in, `done` after.

`partly` is a file that is in but for rows about findings that the store does not have: the next load looks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from ...ingest.bundle import FileEntry
from ...schema import NODES, conform, table
from ..stores.base import Store

State = Literal["started", "partly", "done"]
UNKNOWN = -1
"""Rows that a file added, where a load was cut off among overlapping shards or the file told something else before."""

_OF_RUN = "MATCH (s:Shard {run: $run}) RETURN s.id, s.state, s.sha256, s.added"
_SAME_FILES = (
    "UNWIND $sums AS sum MATCH (s:Shard {sha256: sum}) WHERE s.state = 'done' RETURN DISTINCT s.sha256 AS sha256"
)


@dataclass(frozen=True)
class Before:
    """What became of a file until now."""

    begun: bool
    """whether rows of it may be in the store"""
    added: int | None
    """how many it added, of one that is in partly"""


class Ledger:
    """The Shard nodes of one run, read once and kept in step."""

    def __init__(self, store: Store, run: str) -> None:
        self._store = store
        self._run = run
        rows = store.read(_OF_RUN, {"run": run}, timeout=None, limit=None)
        self._states: dict[str, tuple[str, str]] = {row[0]: (row[1], row[2]) for row in rows}
        self._added: dict[str, int | None] = {row[0]: row[3] for row in rows}
        self._begun: dict[str, set[str]] = {}
        for name in self._states:
            kind, _, shard = name.removeprefix(f"{run}/").partition("/")
            self._begun.setdefault(kind, set()).add(shard)

    @property
    def interrupted(self) -> bool:
        """Whether a load of this run was cut off inside a file."""
        return any(state == "started" for state, _ in self._states.values())

    def begun(self, kind: str) -> set[str]:
        """The shards of the run whose rows of a table are in or on their way."""
        return self._begun.get(kind, set())

    def told_else(self, shard: str, entry: FileEntry) -> bool:
        """Whether a file of this name may have told something else before, which is in the store."""
        name = shard_id(self._run, shard, entry)
        return self._added.get(name) == UNKNOWN or self._states.get(name, ("", entry.sha256))[1] != entry.sha256

    def state(self, shard: str, entry: FileEntry) -> State | None:
        """How far a file of this run got; None when it was never begun or has changed since."""
        state, sha256 = self._states.get(shard_id(self._run, shard, entry), (None, ""))
        if state == "done":
            return "done" if sha256 == entry.sha256 else "started"
        return "started" if state else None

    def before(self, shard: str, entry: FileEntry) -> Before:
        """What a load of the file has to know."""
        name = shard_id(self._run, shard, entry)
        state, sha256 = self._states.get(name, (None, ""))
        known = state == "partly" and sha256 == entry.sha256 and self._added.get(name) != UNKNOWN
        return Before(state is not None, self._added.get(name) if known else None)

    def elsewhere(self, entries: list[FileEntry]) -> set[str]:
        """Checksums of files that are in the store whole, under whatever run."""
        if not entries:
            return set()
        sums = [entry.sha256 for entry in entries]
        return {row[0] for row in self._store.read(_SAME_FILES, {"sums": sums}, timeout=None, limit=None)}

    def mark(
        self, shard: str, entries: list[FileEntry], state: State, added: Mapping[str, int | None] | None = None
    ) -> None:
        """Record that files are on their way, or in: of each table that is in, how many rows it added."""
        if not entries:
            return
        counts = dict(added or {})
        owned = [entry for entry in entries if table(entry.table).evidence]
        counts |= {entry.table: UNKNOWN for entry in owned if self.told_else(shard, entry)}
        self._store.merge_nodes(NODES["Shard"], shard_rows(self._run, shard, entries, state, counts))
        for entry in entries:
            name = shard_id(self._run, shard, entry)
            self._begun.setdefault(entry.table, set()).add(shard)
            self._states[name] = (state, entry.sha256)
            if counts.get(entry.table) is not None:
                self._added[name] = counts[entry.table]


def shard_id(run: str, shard: str, entry: FileEntry) -> str:
    """The id of the Shard node of one file."""
    return f"{run}/{entry.table}/{shard}"


def shard_rows(
    run: str, shard: str, entries: list[FileEntry], state: State, added: Mapping[str, int | None]
) -> pa.Table:
    """The Shard nodes of one shard's files, with the rows that each table added."""
    columns = {
        "id": [shard_id(run, shard, entry) for entry in entries],
        "run": [run] * len(entries),
        "sha256": [entry.sha256 for entry in entries],
        "rows": [entry.rows for entry in entries],
        "state": [state] * len(entries),
        "added": pa.array([added.get(entry.table) for entry in entries], pa.int64()),
    }
    return conform(NODES["Shard"], pa.table(columns))
