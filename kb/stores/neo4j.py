"""A Neo4j server, 5.26 or newer: from docker-compose to a cluster or Aura."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

import pyarrow as pa

from ...schema import NODES, Node, Property, QueryError, ReadOnlyError, Relationship, StoreError
from . import empty, neo4j_load, statements
from .base import Capabilities, Progress, Status, Told, untold
from .bolt import BoltStore
from .lock import NodeLock, Turn, Waiting
from .neo4j_plan import PROCEDURES, escaped, foreign_functions, hidden, refusal
from .neo4j_settings import VARIABLES, Settings, default_config
from .problems import may_not_write, one_line, translated
from .readers import Reader
from .rows import batches, checked, columns
from .statements import quote

if TYPE_CHECKING:
    from neo4j import Driver, ResultSummary, Session

OLDEST = (5, 26)
CONNECT_SECONDS = 15.0
INDEX_SECONDS = 600
"""How long `setup` waits for indexes over what an import brought in."""
VERDICTS = 1_000
"""Queries remembered as harmless."""


@dataclass
class Known:
    """What was found out about one database, whoever asks it in this process."""

    harmless: set[bytes] = field(default_factory=set)
    """hashes of texts whose plans only read"""
    functions: frozenset[str] | None = None
    procedures: frozenset[str] | None = None


@cache
def _known(uri: str, user: str | None, database: str | None, agent: str, graph: str) -> Known:
    return Known()


class Neo4jStore(BoltStore):
    """One database of a Neo4j server.

    A load that was killed leaves whole batches: nothing is ever half written.
    """

    kind = "neo4j"
    capabilities = Capabilities(vector_index=True, fulltext_index=True, import_files=True, index_from=100_000)
    grace = 1.0

    def __init__(self, driver: Driver, settings: Settings, agent: str, graph: str) -> None:
        from neo4j import GraphDatabase

        super().__init__(driver, settings.database)
        # In a cluster a read may go to a member that lags behind: it waits for what this store wrote.
        self._bookmarks = GraphDatabase.bookmark_manager() if settings.uri.startswith("neo4j") else None
        self._settings = settings
        self._agent = agent
        self._known = _known(settings.uri, settings.user, settings.database, agent, graph)
        self._graph = graph
        self._lock = NodeLock(lambda text, params: self._execute(text, params).rows)

    @classmethod
    def open(
        cls,
        uri: str,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        environ: Mapping[str, str] = os.environ,
        config: Path | None = None,
    ) -> Self:
        """Connect to the database, without changing it.

        What is not given comes from NEURONKB_NEO4J_USER, _PASSWORD and _DATABASE (or NEO4J_...), then from the
        `[neo4j]` table of the TOML file `config`. Raises StoreError for an unreachable or too old server, wrong
        credentials or an absent database.
        """
        settings = Settings.find(uri, user, password, database, environ, config)
        driver = _driver(settings)
        try:
            agent, graph = _greeting(driver, settings)
        except BaseException:
            driver.close()
            raise
        return cls(driver, settings, agent, graph)

    def __repr__(self) -> str:
        return f"Neo4jStore({self._settings.shown!r}, {self._settings!r})"

    def _reading_driver(self) -> Driver:
        return _driver(self._settings)

    def _session(self, driver: Driver, mode: str = "WRITE") -> Session:
        return driver.session(
            database=self._database,
            default_access_mode=mode,
            fetch_size=1000,
            bookmark_manager=self._bookmarks,
        )

    def _check_text(self, cypher: str) -> None:
        if not cypher.strip():
            raise QueryError("the query is empty; expected Cypher such as MATCH (n:Neuron) RETURN n LIMIT 5")
        if why := escaped(cypher):
            raise ReadOnlyError(why)

    def _check_plan(self, reader: Reader, cypher: str, timeout: float | None) -> None:
        """Ask for the plan the first time a text is seen; parameters cannot name what a plan uses."""
        digest = hashlib.sha256(cypher.encode("utf-8", "surrogatepass")).digest()
        if digest in self._known.harmless:
            return
        summary = self._plan(reader, cypher, timeout)
        if summary.plan is None:
            raise ReadOnlyError("the server made no plan for this query, so it cannot be known to be a read")
        why = refusal(dict(summary.plan), summary.query_type, self._graph) or self._hidden(cypher)
        if why:
            raise ReadOnlyError(why)
        if len(self._known.harmless) >= VERDICTS:
            self._known.harmless.clear()
        self._known.harmless.add(digest)

    def _plan(self, reader: Reader, cypher: str, timeout: float | None) -> ResultSummary:
        """The summary of EXPLAIN, which runs nothing. Raises QueryError with positions in the user's own text."""
        from neo4j import Query

        try:
            with translated(timeout, reading=True), self._session(reader.driver, "READ") as session:
                return session.run(Query("EXPLAIN\n" + cypher, timeout=timeout or 0)).consume()
        except QueryError as error:
            text = str(error)
            if "conflicting values for execution mode" in text:
                raise ReadOnlyError("a read may not PROFILE, which runs the query unchecked; leave it out") from None
            raise type(error)(_in_own_text(text)) from error

    def _hidden(self, cypher: str) -> str | None:
        """Look for what a plan need not show; what this server has to be called is asked once, when it matters."""
        if self._known.functions is None:
            self._known.functions = foreign_functions(row[0] for row in self._rows("SHOW FUNCTIONS YIELD name"))
        if self._known.procedures is None and "call" in cypher.casefold():
            self._known.procedures = frozenset(row[0] for row in self._rows("SHOW PROCEDURES YIELD name")) - PROCEDURES
        return hidden(cypher, self._known.procedures or (), self._known.functions)

    def stamp(self) -> str | None:
        """The bookmark of a read: the last transaction that its server knows of. None in a cluster, where a member may
        lag behind."""
        if self._bookmarks is not None:
            return None
        with translated(None, reading=True), self._session(self._writer, "READ") as session:
            session.run("RETURN 1").consume()
            return " ".join(sorted(session.last_bookmarks().raw_values))

    def setup(self, told: Told = untold) -> None:
        try:
            super().setup(told)
            self._restore_empty()
        except QueryError as error:
            if not may_not_write(error):
                raise
            raise StoreError(
                f"{self._settings.shown}: the store is new or of an older release and must be set up once by a user "
                f"who may write; {self._settings.user!r} may not ({error})"
            ) from error
        self._rows("CALL db.awaitIndexes($seconds)", seconds=INDEX_SECONDS)

    def _before_lock(self) -> None:
        """The lock is a node, merged by its id: without the constraint two could be made at once."""
        self._ddl(statements.constraints({"Schema": NODES["Schema"]})[0])

    def _restore_empty(self) -> None:
        """Put back the empty texts that `neo4j-admin database import` drops, as the import files noted them."""
        noted = self._rows("MATCH (s:Schema {id: 'schema'}) RETURN properties(s)")[0][0]
        empty.restore(noted, self.write)

    def _fulltext_index(self, node: Node, prop: Property) -> None:
        name = quote(statements.search_index_name(node, prop))
        self._ddl(
            f"CREATE FULLTEXT INDEX {name} IF NOT EXISTS FOR (n:{quote(node.label)}) ON EACH [n.{quote(prop.name)}]"
        )

    def vector_index(self, node: Node, prop: Property, dimensions: int) -> None:
        name = quote(statements.search_index_name(node, prop))
        self._ddl(
            f"CREATE VECTOR INDEX {name} IF NOT EXISTS FOR (n:{quote(node.label)}) ON n.{quote(prop.name)} OPTIONS "
            f"{{indexConfig: {{`vector.dimensions`: {int(dimensions)}, `vector.similarity_function`: 'cosine'}}}}"
        )
        self._rows("CALL db.awaitIndexes($seconds)", seconds=INDEX_SECONDS)

    def drop_vector_index(self, node: Node, prop: Property) -> None:
        self._ddl(f"DROP INDEX {quote(statements.search_index_name(node, prop))} IF EXISTS")

    def create_relationships(self, rel: Relationship, rows: pa.Table, progress: Progress | None = None) -> None:
        for count in neo4j_load.load(self.write, rel, checked(rel, rows)):
            if progress is not None:
                progress(count)

    def _load(self, text: str, rows: pa.Table, progress: Progress | None) -> None:
        for part in batches(rows, neo4j_load.size(rows, self.batch)):
            self.write(text, columns(part))
            if progress is not None:
                progress(part.num_rows)

    def loading(self, waiting: Waiting) -> AbstractContextManager[Turn]:
        return self._lock.hold(waiting)

    def repair(self) -> None:
        """Nothing to do: a transaction that was cut off left nothing behind."""

    def status(self) -> Status:
        nodes, relationships = self._counts()
        where = self._settings.shown + (f"/{self._settings.database}" if self._settings.database else "")
        edition = self._rows("CALL dbms.components() YIELD edition")[0][0]
        version = f"{self._agent.replace('/', ' ')} {edition}"
        return Status(self.kind, where, version, self._schema_version(), nodes, relationships)


def _driver(settings: Settings) -> Driver:
    import neo4j

    auth = None if settings.password is None else (settings.user, settings.password)
    try:
        return neo4j.GraphDatabase.driver(
            settings.uri,
            auth=auth,
            connection_timeout=CONNECT_SECONDS,
            liveness_check_timeout=5.0,  # a long computation may lie between two questions
            notifications_min_severity="OFF",
        )
    except (neo4j.exceptions.DriverError, ValueError) as error:
        raise StoreError(f"{settings.shown!r}: {one_line(error)}") from error


def _greeting(driver: Driver, settings: Settings) -> tuple[str, str]:
    """What the server calls itself, and what its plans call the database. Raises StoreError."""
    from neo4j.exceptions import DriverError, Neo4jError

    try:
        with driver.session(database=settings.database, default_access_mode="READ") as session:
            summary = session.run("EXPLAIN RETURN 1").consume()
    except (Neo4jError, DriverError) as error:
        _cannot_open(error, settings)
    check_version(summary.server.agent, settings.shown)
    return summary.server.agent, str((summary.plan or {}).get("operatorType", "")).partition("@")[2]


def check_version(agent: str, uri: str) -> None:
    """Raise StoreError unless `agent` names a Neo4j of 5.26 or newer, such as `Neo4j/5.26.30` or `Neo4j/2025.06.0`."""
    found = re.match(r"Neo4j/(\d+)\.(\d+)", agent)
    wanted = "expected Neo4j 5.26 or newer; upgrade it, or take the image neo4j:5.26-community of docker-compose.yml"
    if found is None:
        raise StoreError(f"the server at {uri} calls itself {agent!r}; {wanted}")
    if (int(found[1]), int(found[2])) < OLDEST:
        raise StoreError(f"the server at {uri} is {agent!r}; {wanted}")


def _cannot_open(error: Exception, settings: Settings) -> NoReturn:
    from neo4j.exceptions import AuthError, Neo4jError, ServiceUnavailable

    uri, said = settings.shown, one_line(error)
    code = (error.code or "") if isinstance(error, Neo4jError) else ""
    mend = f"set {VARIABLES['user'][0]} and {VARIABLES['password'][0]}, or write them into {default_config()}"
    if "CredentialsExpired" in code:
        why = f"the first password of {settings.user!r} at {uri} must be changed: run ALTER CURRENT USER SET PASSWORD"
    elif isinstance(error, AuthError) and settings.password is None:
        why = f"Neo4j at {uri} asks for a password and none is set; {mend}"
    elif "AuthenticationRateLimit" in code:
        why = f"Neo4j at {uri} has seen too many wrong passwords of {settings.user!r}; wait a few seconds, then {mend}"
    elif isinstance(error, AuthError):
        why = f"Neo4j at {uri} refused the password of user {settings.user!r}; {mend}"
    elif "DatabaseNotFound" in code:
        why = f"Neo4j at {uri} has no database {settings.database!r}; name one it has with {VARIABLES['database'][0]}"
    elif isinstance(error, ServiceUnavailable):
        why = f"cannot reach Neo4j at {uri} ({said}); is it running, and is this its Bolt port?"
    else:
        why = f"cannot open Neo4j at {uri}: {said}"
    raise StoreError(why) from error


def _in_own_text(message: str) -> str:
    """A message about `EXPLAIN\\n` + text, with positions as in the text alone."""

    def shifted(at: re.Match[str]) -> str:
        line, column, offset = (int(n) for n in at.groups())
        return f"(line {max(1, line - 1)}, column {max(1, column)} (offset: {max(0, offset - len('EXPLAIN '))}))"

    return re.sub(r"\(line (\d+), column (\d+) \(offset: (\d+)\)\)", shifted, message)
