"""What the two Bolt stores share: sessions, reads, setup, counts and bulk lookups."""

from __future__ import annotations

import hashlib
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from ...queries.result.result import Result
from ...schema import SCHEMA_VERSION, LimitError, Node, Property, Relationship, VersionError, arrow_schema
from ...schema.ladder import FIRST
from ..place import WAITING
from . import (
    lean,  # noqa: F401  (before the driver)
    question,
    statements,
)
from .base import Progress, Store, Told, untold
from .migration import migrate
from .problems import GoneError, too_slow, translated
from .readers import Reader, Readers
from .rows import batches, checked, columns
from .values import Resolver

if TYPE_CHECKING:
    from neo4j import Driver, ManagedTransaction, Record, Session
    from neo4j import Result as Neo4jResult

T = TypeVar("T")


class BoltStore(Store):
    """A store spoken to through the neo4j driver.

    `writer` runs our own statements; users' Cypher runs on connections of its own.
    """

    batch = 10_000
    """Rows or ids in one statement."""

    grace = 0.0
    """Seconds that a server which keeps a read's time limit itself has to say so, before the connection is closed."""

    def __init__(self, writer: Driver, database: str | None) -> None:
        self._writer = writer
        self._database = database
        self._readers = Readers(self._reading_driver)

    @abstractmethod
    def _reading_driver(self) -> Driver:
        """A driver for reads alone, which knows one connection at a time."""

    def _session(self, driver: Driver, mode: str = "WRITE") -> Session:
        """A session on the database, `mode` READ or WRITE."""
        return driver.session(database=self._database, default_access_mode=mode, fetch_size=1000)

    def _again(self, work: Callable[[], T]) -> T:
        """What `work` gives; done a second time where the server went away under it."""
        peer = self._peer()
        try:
            return work()
        except GoneError:
            self._renew(peer)
            return work()

    def _peer(self) -> object:
        """Whom this store talks to now."""
        return None

    def _renew(self, gone: object) -> None:
        """Make ready to ask again after the peer `gone` went away, unless that is done."""
        self._readers.close()

    def read(
        self,
        cypher: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = 30.0,
        limit: int | None = 1000,
    ) -> Result:
        question.check(cypher, params or {})
        question.check_limits(timeout, limit)
        self._check_text(cypher)
        return self._again(lambda: self._read(cypher, dict(params or {}), timeout, limit))

    def _read(self, cypher: str, params: dict[str, Any], timeout: float | None, limit: int | None) -> Result:
        with self._translated(timeout, reading=True):
            with self._readers.lend(timeout, self.grace) as reader:
                self._check_plan(reader, cypher, timeout)
                names, records, truncated = self._run_read(reader, cypher, params, timeout, limit)
            resolver = Resolver(records)
            missing = resolver.missing()
            rows = resolver.rows(self._node_ids(missing) if missing else {})
        return Result(tuple(names), rows, truncated, limit if truncated else None)

    @contextmanager
    def _translated(self, timeout: float | None = None, reading: bool = False) -> Iterator[None]:
        """Raise the driver's errors inside as ours."""
        with translated(timeout, reading):
            yield

    @abstractmethod
    def _check_text(self, cypher: str) -> None:
        """Raise ReadOnlyError or QueryError for a text that the server itself would let through."""

    def _check_plan(self, reader: Reader, cypher: str, timeout: float | None) -> None:
        """The same, for what the server says it would do."""

    def _run_read(
        self, reader: Reader, cypher: str, params: dict[str, Any], timeout: float | None, limit: int | None
    ) -> tuple[list[str], list[Record], bool]:
        """Column names, at most `limit` records, and whether there were more."""
        with self._session(reader.driver, "READ") as session:
            answer = asked(session, cypher, params, timeout)
            records, truncated = taken(answer, timeout, limit)
            return list(answer.keys()), records, truncated

    def _node_ids(self, element_ids: list[str]) -> dict[str, str]:
        """Own ids of nodes by the server's element ids."""
        text = "UNWIND $ids AS e MATCH (n) WHERE elementId(n) = e RETURN e AS element, n.id AS id"
        found = self._rows(text, ids=element_ids)
        return {element: str(own) for element, own in found if own is not None}

    def write(self, cypher: str, params: Mapping[str, Any] | None = None) -> Result:
        return self._execute(cypher, params or {})

    def _execute(self, cypher: str, params: Mapping[str, Any]) -> Result:
        """Run a statement in a managed transaction."""

        def work(tx: ManagedTransaction) -> tuple[list[str], list[Record]]:
            answer = tx.run(cypher, dict(params))
            return list(answer.keys()), list(answer)

        with self._translated(), self._session(self._writer) as session:
            names, records = session.execute_write(work)
        return Result(tuple(names), Resolver(records).rows({}))

    def _rows(self, cypher: str, **params: Any) -> list[list[Any]]:
        """Rows of one of our own lookups, as the driver gives them."""

        def work(tx: ManagedTransaction) -> list[list[Any]]:
            return tx.run(cypher, params).values()

        with self._translated(), self._session(self._writer) as session:
            return session.execute_read(work)

    def _ddl(self, text: str) -> None:
        """Run one schema statement in a transaction of its own, again where two processes stop each other."""
        with self._translated(), self._session(self._writer) as session:
            session.execute_write(lambda transaction: transaction.run(text).consume())

    def setup(self, told: Told = untold) -> None:
        current = (SCHEMA_VERSION, _fingerprint())
        if self._schema() == current:
            return
        self._before_lock()
        with self.loading(lambda who: told(f"{WAITING}{who}", 0, 1)):
            found = self._schema()
            if found == current:
                return  # another process did it while this one waited
            version = found[0]
            if version is not None and version < SCHEMA_VERSION:
                migrate(self, version, told)
            self._set_up()

    def _schema(self) -> tuple[int | None, str | None]:
        """The version that the store says it is of, and the hash of what was set up. Raises VersionError."""
        found = self._rows(statements.SCHEMA_READ)
        version, done = found[0] if found else (None, None)
        if version is not None and not _known(version):
            raise VersionError(_other_version(version))
        return version, done

    def _before_lock(self) -> None:
        """Create what the loading lock itself needs; several processes may do so at once."""

    def _set_up(self) -> None:
        self._create_schema()
        for node, prop in statements.search_indexes():
            self._fulltext_index(node, prop)
        self.write(statements.SCHEMA_WRITE, {"version": SCHEMA_VERSION, "statements": _fingerprint()})

    def _create_schema(self) -> None:
        """Create the constraints and range indexes."""
        for text in (*statements.constraints(), *statements.range_indexes()):
            self._ddl(text)

    @abstractmethod
    def _fulltext_index(self, node: Node, prop: Property) -> None:
        """Create the full-text index `statements.search_index_name` unless it exists."""

    def create_nodes(self, node: Node, rows: pa.Table, progress: Progress | None = None) -> None:
        self._load(statements.create_nodes(node), checked(node, rows), progress)

    def merge_nodes(self, node: Node, rows: pa.Table) -> None:
        self._load(statements.merge_nodes(node), checked(node, rows), None)

    def create_relationships(self, rel: Relationship, rows: pa.Table, progress: Progress | None = None) -> None:
        self._load(statements.create_relationships(rel), checked(rel, rows), progress)

    def _load(self, text: str, rows: pa.Table, progress: Progress | None) -> None:
        for part in batches(rows, self.batch):
            self._execute(text, columns(part))
            if progress is not None:
                progress(part.num_rows)

    def existing_ids(self, node: Node, ids: Iterable[str]) -> pa.Array:
        text = statements.existing_ids(node)
        found = [row[0] for part in _chunks(ids, self.batch) for row in self._rows(text, ids=part)]
        return pa.array(found, pa.string())

    def existing_relationships(self, rel: Relationship, starts: Iterable[str], run: str | None = None) -> pa.Table:
        one_run = run is not None and rel.evidence
        text = statements.existing_relationships(rel, one_run)
        schema = pa.schema([arrow_schema(rel).field(name) for name in ("start", "end", *rel.key)])
        found: list[list[Any]] = [[] for _ in schema]
        for part in _chunks(starts, max(1, self.batch // 10)):
            for start, *lists in self._rows(text, ids=part, run=run):
                found[0].extend([start] * len(lists[0]))
                for column, values in zip(found[1:], lists, strict=True):
                    column.extend(values)
        return pa.table([pa.array(column, field.type) for column, field in zip(found, schema, strict=True)], schema)

    def _counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Nodes by label and relationships by type, without the absent ones."""
        nodes, rels = (self._rows(text) for text in statements.counts())
        return {name: n for name, n in nodes if n}, {name: n for name, n in rels if n}

    def _schema_version(self) -> int | None:
        found = self._rows(statements.SCHEMA_READ)
        return int(found[0][0]) if found and found[0][0] is not None else None

    def close(self) -> None:
        try:
            self._readers.close()
        finally:
            self._writer.close()


def asked(session: Session, cypher: str, params: dict[str, Any], timeout: float | None) -> Neo4jResult:
    """The answer to a query in a transaction of its own, with the server's own time limit where it has one."""
    from neo4j import Query

    return session.run(Query(cypher, timeout=timeout or 0), params)


def taken(answer: Iterable[Record], timeout: float | None, limit: int | None) -> tuple[list[Record], bool]:
    """At most `limit` records, and whether there were more. Raises LimitError."""
    deadline = float("inf") if timeout is None else time.monotonic() + timeout
    records: list[Record] = []
    for record in answer:
        if len(records) == limit:
            return records, True
        if time.monotonic() > deadline:
            raise LimitError(too_slow(timeout))
        records.append(record)
    return records, False


def _chunks(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    values = ids.to_pylist() if isinstance(ids, pa.Array | pa.ChunkedArray) else list(ids)
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _fingerprint() -> str:
    """Changes when the ontology asks for another constraint or index: setup then runs again."""
    search = [statements.search_index_name(n, p) for n, p in statements.search_indexes()]
    every = [*statements.constraints(), *statements.range_indexes(), *search]
    return hashlib.sha256("\n".join(every).encode()).hexdigest()[:16]


def _known(version: object) -> bool:
    return isinstance(version, int) and not isinstance(version, bool) and FIRST <= version <= SCHEMA_VERSION


def _other_version(version: object) -> str:
    return (
        f"the store holds schema version {str(version)[:30]}, this release knows {FIRST} to {SCHEMA_VERSION}; "
        "install the release that wrote it or a newer one: pip install --upgrade neuronkb"
    )
