"""The local store: a folder, served by an ArcadeDB server that every process opening the folder shares."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...queries.result.result import Result
from ...schema import (
    NODES,
    RELATIONSHIPS,
    LimitError,
    Node,
    Property,
    ReadOnlyError,
    Relationship,
    StoreError,
)
from ...schema.compute import pc
from . import statements
from .arcade import allowed, process, runtime, server
from .arcade.access import DATABASE, READER
from .arcade.bulk import Bulk
from .arcade.drivers import connect, driver
from .arcade.folder import Folder, State
from .arcade.http import Http, ServerError
from .arcade.record_ids import RecordIds
from .arcade.schema_sql import schema_script, search_script
from .base import Capabilities, Progress, Status
from .bolt import BoltStore, asked, taken
from .lock import FileLock, Turn, Waiting
from .problems import GoneError
from .readers import Reader
from .rows import checked

if TYPE_CHECKING:
    from neo4j import Driver, Record

HEAP = "2g"
STEP = 100_000_000
"""Nanoseconds in which the time of a file's last change may stand still."""

_OUT_OF_MEMORY = (
    "the server ran out of memory while this query was asked, and was started again; narrow it, or ask it again if it "
    "was another that took the memory; NEURONKB_HEAP sets how much a server may use"
)


class LocalStore(BoltStore):
    """A store in a folder. Whoever opens the folder is served by one server, which is started when none runs."""

    kind = "local"
    capabilities = Capabilities(vector_index=True, fulltext_index=True, import_files=False, cosine_from_zero=False)

    def __init__(self, folder: Folder, heap: str, state: State, writer: Driver) -> None:
        super().__init__(writer, DATABASE)
        self._folder = folder
        self._heap = heap
        self._turn = threading.Lock()
        self._closed = False
        self._lock = FileLock(folder.root / "load.lock")
        self._use(state, writer)

    def _use(self, state: State, writer: Driver) -> None:
        """Talk to this server from now on."""
        self._state = state
        self._writer = writer
        self._http = Http(state.http, state.writer)
        self._ids = RecordIds(self._http, self._folder.root / "changes")
        self._bulk = Bulk(self._folder, self._http, self._ids)

    def _reading_driver(self) -> Driver:
        return driver(self._state, READER, pool=1)

    @classmethod
    def open(cls, folder: Path, heap: str | None = None, create: bool = True) -> LocalStore:
        """Open the store in `folder`, made if need be and `create`, and start its server unless one runs.

        `heap` bounds the memory of a server that is started, such as "2g"; else NEURONKB_HEAP, else 2g. The server
        stops when nobody has been connected for NEURONKB_IDLE minutes (10). Raises StoreError or StoreBusyError.
        """
        where = Folder(folder.expanduser().absolute())
        if not create and not where.root.is_file():
            _check_store(where)
        size = heap or os.environ.get("NEURONKB_HEAP") or HEAP
        return cls(where, size, *server.attach(where, size, connect))

    def __repr__(self) -> str:
        return f"LocalStore({str(self._folder.root)!r})"

    def _peer(self) -> State:
        return self._state

    def _renew(self, gone: object) -> None:
        """Go over to the folder's server of now, started if need be. Raises StoreError or StoreBusyError."""
        with self._turn:
            if self._state is not gone:
                return
            if self._closed:
                raise StoreError(f"{self._folder.root}: the store was closed; open it again")
            self._readers.close()
            old, http = self._writer, self._http
            self._use(*server.attach(self._folder, self._heap, connect))
            old.close()
            http.close()

    def _attend(self) -> None:
        """Go over to another server where ours is known to be gone."""
        if not self._closed and not process.exists(self._state.pid):
            self._renew(self._state)

    @contextmanager
    def _translated(self, timeout: float | None = None, reading: bool = False) -> Iterator[None]:
        from neo4j.exceptions import AuthError

        try:
            with super()._translated(timeout, reading):
                yield
        except StoreError as error:
            # A server on its way out forgets its users first.
            if isinstance(error, GoneError) or isinstance(error.__cause__, AuthError):
                raise GoneError(f"{self._folder.root}: its server is gone; run this again") from error.__cause__
            raise

    def _check_text(self, cypher: str) -> None:
        allowed.check(cypher)

    def _read(self, cypher: str, params: dict[str, Any], timeout: float | None, limit: int | None) -> Result:
        self._attend()
        began, asked_of = time.time(), self._state
        try:
            return super()._read(cypher, params, timeout, limit)
        except GoneError as error:
            self._renew(asked_of)
            if self._folder.ran_out(asked_of.instance, began):
                raise LimitError(_OUT_OF_MEMORY) from error
            raise

    def _run_read(
        self, reader: Reader, cypher: str, params: dict[str, Any], timeout: float | None, limit: int | None
    ) -> tuple[list[str], list[Record], bool]:
        from neo4j.exceptions import DriverError, Neo4jError

        with reader.driver.session(database=DATABASE, fetch_size=1000) as session:
            answer = asked(session, cypher, params, None)
            records, truncated = taken(answer, timeout, limit)
            names = list(answer.keys())
            if truncated:
                reader.drop()
                with suppress(DriverError, Neo4jError):
                    answer.consume()
            elif answer.consume().query_type != "r":
                raise ReadOnlyError("a read may not do this: the query writes")
        return names, records, truncated

    def _execute(self, cypher: str, params: Mapping[str, Any]) -> Result:
        self._attend()
        return self._again(lambda: super(LocalStore, self)._execute(cypher, params))

    def _rows(self, cypher: str, **params: Any) -> list[list[Any]]:
        self._attend()
        return self._again(lambda: super(LocalStore, self)._rows(cypher, **params))

    def write(self, cypher: str, params: Mapping[str, Any] | None = None) -> Result:
        try:
            return super().write(cypher, params)
        finally:
            # It may have deleted nodes, here or for other processes that know record ids.
            self._ids.forget()

    def _create_schema(self) -> None:
        self._script(schema_script())

    def _fulltext_index(self, node: Node, prop: Property) -> None:
        index = statements.search_index_name(node, prop)
        self._script(search_script(node, prop.name, "STRING", index, "FULL_TEXT"))

    def vector_index(self, node: Node, prop: Property, dimensions: int) -> None:
        index = statements.search_index_name(node, prop)
        how = f"LSM_VECTOR METADATA {{dimensions: {int(dimensions)}, similarity: 'COSINE'}}"
        self._script(search_script(node, prop.name, "ARRAY_OF_FLOATS", index, how))

    def drop_vector_index(self, node: Node, prop: Property) -> None:
        self._script(f"DROP INDEX {statements.quote(statements.search_index_name(node, prop))} IF EXISTS")

    def _script(self, text: str) -> None:
        """Run statements that may be run twice: again too where another process created the same meanwhile."""
        try:
            self._again(lambda: self._command(text, "sqlscript"))
        except StoreError as error:
            if "already exists" not in str(error):
                raise
            self._again(lambda: self._command(text, "sqlscript"))

    def _command(self, text: str, language: str = "sql") -> list[dict[str, Any]]:
        with self._told():
            return self._http.command(text, language)

    def create_nodes(self, node: Node, rows: pa.Table, progress: Progress | None = None) -> None:
        rows = checked(node, rows)
        try:
            with self._told():
                self._bulk.nodes(node, rows, progress)
        except _DuplicateError:
            # Another process made some of them meanwhile.
            known = self.existing_ids(node, rows.column("id"))
            with self._told():
                self._bulk.nodes(node, rows.filter(pc.invert(pc.is_in(rows.column("id"), value_set=known))), progress)

    def create_relationships(self, rel: Relationship, rows: pa.Table, progress: Progress | None = None) -> None:
        with self._told():
            self._bulk.relationships(rel, checked(rel, rows), NODES[rel.start], NODES[rel.end], progress)

    def existing_ids(self, node: Node, ids: Iterable[str]) -> pa.Array:
        own = ids if isinstance(ids, pa.Array | pa.ChunkedArray) else pa.array(ids, pa.string())
        own = own.combine_chunks() if isinstance(own, pa.ChunkedArray) else own

        def look_up() -> pa.Array:
            with self._told():
                return own.filter(self._ids.of(node, own).is_valid())

        return self._again(look_up)

    def loading(self, waiting: Waiting) -> AbstractContextManager[Turn]:
        return self._lock.hold(waiting)

    def repair(self) -> None:
        def mend() -> None:
            with self._told():
                self._bulk.mend()

        self._again(mend)

    def stamp(self) -> str | None:
        """Of the database's files: a transaction is in one of them before it is seen."""
        self._attend()
        try:
            files = [entry.stat() for entry in os.scandir(self._folder.databases / DATABASE)]
        except OSError:  # a file that went meanwhile
            return None
        newest, size = max((file.st_mtime_ns for file in files), default=0), sum(file.st_size for file in files)
        # The system's clock of files goes in steps of milliseconds: two writes within one look alike.
        settled = time.time_ns() - newest > STEP
        return f"{self._state.instance} {newest} {size} {len(files)}" if settled else None

    def status(self) -> Status:
        types = self._again(lambda: self._command("SELECT name, records FROM schema:types"))
        counts = {t["name"]: t["records"] for t in types if t["records"]}
        nodes = {label: counts[label] for label in NODES if label in counts}
        names = dict.fromkeys(rel.type for rel in RELATIONSHIPS.values())
        return _status(
            self._folder,
            self._state,
            self._schema_version(),
            nodes,
            {name: counts[name] for name in names if name in counts},
        )

    def close(self) -> None:
        self._closed = True
        try:
            self._http.close()
        finally:
            super().close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Raise what the HTTP side raises inside as StoreError."""
        self._attend()
        try:
            yield
        except ServerError as error:
            if error.kind.endswith("DuplicatedKeyException"):
                raise _DuplicateError(str(error)) from error
            raise StoreError(_in_words(str(error), self._folder)) from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreError(
                    f"{self._folder.root}: the disk is full; free some space and run this again"
                ) from error
            raise GoneError(f"{self._folder.root}: its server went away ({error}); run this again") from error


class _DuplicateError(StoreError):
    """A node with an id that exists."""


def stop(folder: Path) -> bool:
    """Stop the server of the store in `folder`; whether one ran. Raises StoreError or StoreBusyError."""
    return server.stop(Folder(folder.expanduser().absolute()))


def status(folder: Path) -> Status:
    """What can be told of the store in `folder` without starting its server: counts only where one runs.

    Raises StoreError for a path that is no store.
    """
    where = Folder(folder.expanduser().absolute())
    _check_store(where)
    if server.alive(where) is None:
        return _status(where, None, None, {}, {})
    with LocalStore.open(folder) as store:
        return store.status()


def _check_store(where: Folder) -> None:
    if not where.databases.is_dir():
        raise StoreError(
            f"{where.root} is not a store; name the folder of one with --store, or make one: neuronkb lm-head ingest "
            "MODEL, or neuronkb bundles load BUNDLE"
        )


def _status(
    folder: Folder, state: State | None, schema: int | None, nodes: dict[str, int], relationships: dict[str, int]
) -> Status:
    version = runtime.server_version() if state is not None else f"{runtime.server_version()} (stopped)"
    pid, port = (None, None) if state is None else (state.pid, state.bolt)
    where = str(folder.root)
    return Status("local", where, version, schema, nodes, relationships, folder.size(), pid, port)


def _in_words(message: str, folder: Folder) -> str:
    if "No space left" in message:
        return f"the disk is full: {folder.root}; free some space and run this again"
    return message
