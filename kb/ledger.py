"""What of each bundle is in the store: one Shard node a file, `started` before its rows go in, `done` after."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

from ..ingest.bundle import FileEntry
from ..schema import NODES, RELATIONSHIPS
from .stores.base import Store

State = Literal["started", "done"]

_OF_RUN = "MATCH (s:Shard {run: $run}) RETURN s.id AS id, s.state AS state, s.sha256 AS sha256"
_SAME_FILES = (
    "UNWIND $sums AS sum MATCH (s:Shard {sha256: sum}) WHERE s.state = 'done' RETURN DISTINCT s.sha256 AS sha256"
)


class Ledger:
    """The Shard nodes of one run, read once and kept in step."""

    def __init__(self, store: Store, run: str) -> None:
        self._store = store
        self._run = run
        rows = store.read(_OF_RUN, {"run": run}, timeout=None, limit=None)
        self._states: dict[str, tuple[str, str]] = {row[0]: (row[1], row[2]) for row in rows}
        self.begun: dict[str, set[str]] = {}
        """the shards of the run that are in or on their way, each with its relationship tables that are"""
        for name in self._states:
            table, _, shard = name.removeprefix(f"{run}/").partition("/")
            self._begin(shard, table)

    @property
    def interrupted(self) -> bool:
        """Whether a load of this run was cut off inside a file."""
        return any(state == "started" for state, _ in self._states.values())

    def _begin(self, shard: str, table: str) -> None:
        if table in RELATIONSHIPS:
            self.begun.setdefault(shard, set()).add(table)

    def state(self, shard: str, entry: FileEntry) -> State | None:
        """How far a file of this run got; None when it was never begun or has changed since."""
        state, sha256 = self._states.get(shard_id(self._run, shard, entry), (None, ""))
        if state == "done":
            return "done" if sha256 == entry.sha256 else "started"
        return "started" if state else None

    def elsewhere(self, entries: list[FileEntry]) -> set[str]:
        """Checksums of files that are in the store whole, under whatever run."""
        if not entries:
            return set()
        sums = [entry.sha256 for entry in entries]
        return {row[0] for row in self._store.read(_SAME_FILES, {"sums": sums}, timeout=None, limit=None)}

    def mark(self, shard: str, entries: list[FileEntry], state: State) -> None:
        """Record that files are on their way, or in."""
        if not entries:
            return
        rows = shard_rows(self._run, shard, entries, state)
        self._store.merge_nodes(NODES["Shard"], rows)
        for entry in entries:
            self._begin(shard, entry.table)
            self._states[shard_id(self._run, shard, entry)] = (state, entry.sha256)


def shard_id(run: str, shard: str, entry: FileEntry) -> str:
    """The id of the Shard node of one file."""
    return f"{run}/{entry.table}/{shard}"


def shard_rows(run: str, shard: str, entries: list[FileEntry], state: State) -> pa.Table:
    """The Shard nodes of one shard's files."""
    return pa.table(
        {
            "id": [shard_id(run, shard, entry) for entry in entries],
            "run": [run] * len(entries),
            "sha256": [entry.sha256 for entry in entries],
            "rows": [entry.rows for entry in entries],
            "state": [state] * len(entries),
        }
    )
