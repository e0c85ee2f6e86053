"""The Cypher files: each one whole query, its head comment its help."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from ..schema import QueryError
from .result import Result

_PARAM = re.compile(r"\$(\w+)")


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
    help: str
    """The head comment: what it answers, and its parameters."""
    cypher: str
    params: tuple[str, ...]

    def run(self, reader: Reader, *, timeout: float | None = 60.0, limit: int | None = None, **params: Any) -> Result:
        """Ask it. Every parameter of the text must be given; null is a value."""
        missing = [name for name in self.params if name not in params]
        if missing:
            raise QueryError(f"query {self.name!r} needs ${missing[0]}; its parameters: {', '.join(self.params)}")
        return reader.read(self.cypher, params, timeout=timeout, limit=limit)


@cache
def catalogue() -> dict[str, Query]:
    """All queries by name."""
    folder = files(__package__).joinpath("cypher")
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".cypher"))
    return {name.removesuffix(".cypher"): _parse(name, folder.joinpath(name).read_text("utf-8")) for name in names}


def query(name: str) -> Query:
    """One query by name. Raises QueryError with the known names."""
    try:
        return catalogue()[name]
    except KeyError:
        raise QueryError(f"unknown query {name!r}; known: {', '.join(catalogue())}") from None


def _parse(file: str, text: str) -> Query:
    lines = text.splitlines()
    head = [line[2:].strip() for line in lines if line.startswith("//")]
    body = "\n".join(line for line in lines if not line.startswith("//"))
    params = tuple(dict.fromkeys(_PARAM.findall(body)))
    return Query(file.removesuffix(".cypher"), "\n".join(head), text.strip(), params)
