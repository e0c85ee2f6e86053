"""What a knowledge base needs of a graph database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from ...queries.result.record import Record
from ...queries.result.result import Result
from ...queries.result.section import Section
from ...schema import Node, Property, Relationship
from .lock import Turn, Waiting

Progress = Callable[[int], None]
"""Told how many more rows are in."""
Told = Callable[[str, int, int], None]
"""Told the step, how much of it is done, and how much there is."""


def untold(step: str, done: int, total: int) -> None:
    """Progress nobody looks at."""


@dataclass(frozen=True)
class Capabilities:
    """What the store can do beyond plain Cypher."""

    vector_index: bool
    fulltext_index: bool
    import_files: bool
    """Whether it takes neo4j-admin import files."""
    cosine_from_zero: bool = True
    """Whether `vector.similarity.cosine()` is (1 + cos) / 2, as Neo4j has it, and not the cosine itself. Scores of a
    vector index are (1 + cos) / 2 in every store."""
    index_from: int = 1_000_000
    """How many vectors make its vector index the better way than an exact search outside it."""


@dataclass(frozen=True, repr=False)
class Status(Record):
    """Where a store is, how big, which server, and how much of what is in it."""

    kind: str
    location: str
    version: str
    """Name and version of the server."""
    schema_version: int | None
    nodes: dict[str, int]
    """Count by label, absent labels left out."""
    relationships: dict[str, int]
    """Count by type, absent types left out."""
    bytes: int | None = None
    """Size on disk, where it can be known."""
    pid: int | None = None
    port: int | None = None

    def sections(self) -> tuple[Section, ...]:
        """Rows by label and type, then the store and its server."""
        rows = [(what, name, n) for what in ("nodes", "relationships") for name, n in getattr(self, what).items()]
        facts = {
            "store": f"{self.kind}, {self.location}",
            "server": self.version,
            "schema version": self.schema_version,
            "size": None if self.bytes is None else f"{self.bytes / 2**20:,.1f} MiB",
            "process": self.pid,
            "port": self.port,
        }
        counts = [(what, name, f"{n:,}") for what, name, n in rows]
        return (Section.facts("Store", facts), Section("What is in it", ("", "name", "count"), tuple(counts)))


@dataclass(frozen=True, repr=False)
class Stopped(Record):
    """What became of a local store's server."""

    folder: str
    ran: bool
    """whether there was one to stop"""

    @property
    def title(self) -> str:
        """What happened."""
        return f"{self.folder}: {'stopped' if self.ran else 'was not running'}"

    def sections(self) -> tuple[Section, ...]:
        """Nothing more to show."""
        return ()


class Store(ABC):
    """One graph database, opened. Reads cannot write; writes are for this package's own statements."""

    kind: str
    capabilities: Capabilities

    @abstractmethod
    def read(
        self,
        cypher: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = 30.0,
        limit: int | None = 1000,
    ) -> Result:
        """Run Cypher that cannot write, whatever it says.

        `timeout` in seconds and `limit` in rows; None lifts either. `Result.truncated` says when rows were cut.
        Raises ReadOnlyError, LimitError or QueryError with the server's message and position.
        """

    @abstractmethod
    def write(self, cypher: str, params: Mapping[str, Any] | None = None) -> Result:
        """Run one of our own statements in a managed transaction (retried on transient errors)."""

    @abstractmethod
    def setup(self, told: Told = untold) -> None:
        """Create constraints and indexes from the ontology and record the schema version; idempotent.

        A store of an older version is brought to this one, in place; `told` of it. Raises VersionError when the store
        holds a newer version.
        """

    @abstractmethod
    def create_nodes(self, node: Node, rows: pa.Table, progress: Progress | None = None) -> None:
        """Add nodes that are not there yet; `rows` conforms to the label's Arrow schema."""

    @abstractmethod
    def merge_nodes(self, node: Node, rows: pa.Table) -> None:
        """Add nodes or, where the id exists, set their non-null properties. For small tables."""

    @abstractmethod
    def create_relationships(self, rel: Relationship, rows: pa.Table, progress: Progress | None = None) -> None:
        """Add relationships that are not there yet; both ends exist. `rows` conforms to the Arrow schema."""

    @abstractmethod
    def existing_ids(self, node: Node, ids: Iterable[str]) -> pa.Array:
        """Which of `ids` the label holds, in any order: an Arrow array of strings."""

    @abstractmethod
    def existing_relationships(self, rel: Relationship, starts: Iterable[str], run: str | None = None) -> pa.Table:
        """The relationships that start at `starts` (of one run, where they have runs and `run` is given).

        Columns `start`, `end` and the relationship's key properties; what a resumed load need not write again.
        """

    @abstractmethod
    def vector_index(self, node: Node, prop: Property, dimensions: int) -> None:
        """Create the cosine index over a list of `dimensions` floats, asked by `statements.search_index_name`,
        unless it exists. Apart from `setup` because the size is known only with the first embedding."""

    @abstractmethod
    def drop_vector_index(self, node: Node, prop: Property) -> None:
        """Take the index away where there is one: before its embeddings change their size, which it would refuse."""

    @abstractmethod
    def repair(self) -> None:
        """Make the graph whole after a load that was killed (half-written relationships); cheap when whole."""

    @abstractmethod
    def loading(self, waiting: Waiting) -> AbstractContextManager[Turn]:
        """The right to load, which one handle of one process has at a time; `waiting` is told who has it meanwhile.

        A holder that died keeps nobody waiting. `Turn.fresh` says whether others loaded since this handle last did.
        """

    def stamp(self) -> str | None:
        """Equal to an earlier one only where nothing was written in between, by whichever process; None where that
        cannot be told at once. Raises StoreError for a store that went away."""
        return None

    @abstractmethod
    def status(self) -> Status:
        """Where and how big it is."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections; the database goes on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
