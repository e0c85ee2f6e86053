"""The Cypher files: each one whole query, its head comment its help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import takewhile
from typing import Any, Protocol

from ...schema import QueryError
from ..result.near import near
from ..result.result import Result
from .header import Header, read_header
from .parameter import Parameter

_PARAM = re.compile(
    r"""'(?:\\.|[^'\\])*+'? | "(?:\\.|[^"\\])*+"? | `[^`]*+`? | //[^\r\n]* | /\*.*?(?:\*/|\Z) | \$(\w+)""",
    re.VERBOSE | re.DOTALL,
)
"""A `$name` that is in no string, comment or quoted name; these match without the group."""


class Reader(Protocol):
    """What a query is handed: something that reads Cypher. Every store is one."""

    def read(
        self,
        cypher: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = 30.0,
        limit: int | None = 1000,
    ) -> Result:
        """Rows of a query that cannot write."""


@dataclass(frozen=True)
class Query:
    """One query of the catalogue."""

    name: str
    cypher: str
    """The whole file, its head comment included."""
    header: Header
    own: bool = False
    """Whether it is a person's own: a file beside the store, and not of the package."""

    @property
    def purpose(self) -> str:
        """What it answers."""
        return self.header.purpose

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.header.parameters

    @property
    def public(self) -> bool:
        """Whether it is for users: not a part of some verb."""
        return self.header.part_of is None

    @property
    def used(self) -> tuple[str, ...]:
        """The parameters that its text uses, in order."""
        return tuple(dict.fromkeys(name for name in _PARAM.findall(self.body) if name))

    @property
    def body(self) -> str:
        """The text without its head comment."""
        return "\n".join(line for line in self.cypher.splitlines() if not line.startswith("//"))

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, checked, defaults filled in. Raises QueryError for a wrong, unknown or missing one."""
        known = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in known:
                hint = near(name, known) if known else "; it has none"
                raise QueryError(f"query {self.name!r} has no parameter {name!r}{hint}")
        missing = [p for p in self.parameters if p.required and p.name not in given]
        if missing:
            raise QueryError(f"query {self.name!r} needs {missing[0].name}: {missing[0].doc}")
        return {p.name: p.value(given[p.name], self.name) if p.name in given else p.default for p in self.parameters}

    def run(
        self, reader: Reader, /, *, timeout: float | None = 60.0, limit: int | None = None, **params: Any
    ) -> Result:
        """Ask it; parameters that have a default may be left out. Raises QueryError for a wrong one."""
        found = reader.read(self.cypher, self.values(params), timeout=timeout, limit=limit)
        # A store need not name the columns of no rows.
        return found if found.rows else replace(found, columns=self.header.columns)


@cache
def catalogue() -> dict[str, Query]:
    """All queries by name."""
    folder = files(__package__.rpartition(".")[0]).joinpath("cypher")
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".cypher"))
    return {
        name.removesuffix(".cypher"): parse(
            name.removesuffix(".cypher"), folder.joinpath(name).read_text("utf-8"), f"queries/cypher/{name}"
        )
        for name in names
    }


def public() -> dict[str, Query]:
    """The queries for users, by name."""
    return {name: found for name, found in catalogue().items() if found.public}


def query(name: str) -> Query:
    """One query by name. Raises QueryError with near names."""
    try:
        return catalogue()[name]
    except KeyError:
        raise QueryError(f"unknown query {name!r}{near(name, public())}") from None


def parse(name: str, text: str, file: str, own: bool = False) -> Query:
    """The query that a file holds. Raises QueryError that names the file where its head comment is none."""
    head = [line[2:].strip() for line in takewhile(lambda line: line.startswith("//"), text.strip().splitlines())]
    return Query(name, text.strip(), read_header(file, head), own)
