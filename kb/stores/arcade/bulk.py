"""Bulk creation through the server's batch endpoint, and the mending of what a killed one leaves behind.

A request of relationships is several transactions inside the server: the records, then each end's list of them. A kill
between those leaves records that hang on one end only, or on none. So before the first request the last record id of
the relationship's type is noted in a file, and the note goes when the last request is answered. The endpoint always
puts its records behind those that are there: what comes after a left-behind note's record id is unfinished work, and
`mend` deletes it. A lock on the folder keeps two processes from doing either at once.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from ....schema import Node, Relationship, SchemaError, StoreBusyError, StoreError
from ..base import Progress
from . import encode_csv
from .encode import node_requests, relationship_requests
from .folder import Folder, locked
from .http import BATCH_PATH, NDJSON, Http
from .record_ids import RecordIds

OPTIONS = "wal=true"
"""Without the write-ahead log a killed server would lose pages of requests it had answered."""

MANY = f"batchSize={encode_csv.REQUEST_ROWS}"
"""So that a request is one batch inside the server: what it does at the end of each, it does once."""

WAIT = 3600.0
"""Seconds to wait for another process's bulk load."""

_RID = re.compile(r"#[0-9]+:-?[0-9]+")


class Bulk:
    """Creates nodes and relationships in bulk; mends what was left unfinished."""

    def __init__(self, folder: Folder, http: Http, ids: RecordIds) -> None:
        self._folder = folder
        self._http = http
        self._ids = ids

    def nodes(self, node: Node, rows: pa.Table, progress: Progress | None) -> None:
        """Create nodes, all new. Raises ServerError, with kind DuplicatedKeyException for one that is not."""
        with self._alone():
            self._send(node_requests(node, rows), NDJSON, "preAllocateEdgeChunks=false", progress)

    def relationships(
        self, rel: Relationship, rows: pa.Table, starts: Node, ends: Node, progress: Progress | None
    ) -> None:
        """Create relationships, all new, between nodes that exist. Raises SchemaError for an end that does not."""
        with self._alone():
            start, end = self._ends(rel, rows, "start", starts), self._ends(rel, rows, "end", ends)
            note = self._note(rel)
            if encode_csv.fits(rows):
                self._send(encode_csv.csv_requests(rel, rows, start, end), encode_csv.KIND, MANY, progress)
            else:
                self._send(relationship_requests(rel, rows, start, end), NDJSON, "", progress)
            note.unlink()

    def mend(self) -> None:
        """Delete what killed loads left half-made."""
        with self._alone():
            pass

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the folder's bulk lock, with no unfinished work of others left."""
        with locked(self._folder.root / "bulk.lock", WAIT) as got:
            if not got:
                raise StoreBusyError(f"{self._folder.root}: another process has been loading for an hour")
            self._wait_for_requests()
            for begun in self._folder.unfinished.glob("*.new"):  # a note that was cut off before its first request
                begun.unlink(missing_ok=True)
            for note in sorted(self._folder.unfinished.glob("*.json")):
                self._undo(note)
            yield

    def _ends(self, rel: Relationship, rows: pa.Table, side: str, node: Node) -> pa.Array:
        own = rows.column(side).combine_chunks()
        rids = self._ids.of(node, own)
        if rids.null_count:
            lost = own.filter(rids.is_null())[0].as_py()
            raise SchemaError(f"{rel.name}: no {node.label} has the id {lost!r}; load the {node.label} rows first")
        return rids

    def _send(
        self, requests: Iterator[tuple[int, memoryview]], kind: str, more: str, progress: Progress | None
    ) -> None:
        """Send each request while the next one is encoded."""
        from concurrent.futures import ThreadPoolExecutor

        options = "&".join(filter(None, (OPTIONS, more)))
        with ThreadPoolExecutor(1) as encoder:
            following = encoder.submit(next, requests, None)
            while (request := following.result()) is not None:
                following = encoder.submit(next, requests, None)
                count, body = request
                self._http.batch(body, kind, options)
                if progress is not None:
                    progress(count)

    def _note(self, rel: Relationship) -> Path:
        """Write down where the type's records end."""
        self._http.command(f"CREATE EDGE TYPE `{rel.type}` IF NOT EXISTS")
        last = self._http.command(f"SELECT @rid AS rid FROM `{rel.type}` ORDER BY @rid DESC LIMIT 1")
        note = self._folder.unfinished / f"{time.time_ns()}-{os.getpid()}.json"
        fresh = note.with_suffix(".new")
        fresh.write_text(json.dumps({"type": rel.type, "after": last[0]["rid"] if last else None}))
        fresh.replace(note)
        return note

    def _undo(self, note: Path) -> None:
        """Delete the records behind the note's."""
        found = json.loads(note.read_text())
        after = found["after"]
        if after is not None and not _RID.fullmatch(after):
            raise StoreError(f"{note} is damaged; remove it and reload the last bundle with --replace")
        where = f" WHERE @rid > {after}" if after else ""
        while self._http.command(f"DELETE FROM `{found['type']}`{where} LIMIT 10000")[0]["count"]:
            pass
        self._ids.forget()
        note.unlink()

    def _wait_for_requests(self) -> None:
        """Wait while the server still works on a bulk request whose sender is gone."""
        deadline = time.monotonic() + WAIT
        while any(BATCH_PATH in query["text"] for query in self._http.server("list queries")):
            if time.monotonic() > deadline:
                raise StoreBusyError(f"{self._folder.root}: the server has been loading for an hour")
            time.sleep(0.05)
