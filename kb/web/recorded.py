"""What an answer was read with: every Cypher statement that a request asked the store, with its parameters."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile
from typing import TYPE_CHECKING, Any, cast

from ...queries import catalogue
from ...schema.visible import escaped, marked
from ..session import Session

if TYPE_CHECKING:
    from ...queries.result.result import Result
    from ..stores.base import Store


@cache
def _names() -> dict[str, str]:
    return {known.cypher: name for name, known in catalogue().items()}


@dataclass(frozen=True)
class Statement:
    """One question to the store."""

    cypher: str
    params: Mapping[str, Any]

    @property
    def name(self) -> str | None:
        """The catalogue's name of it; None for another's."""
        return _names().get(self.cypher)

    @property
    def body(self) -> str:
        """Without comments at its head."""
        lines = dropwhile(lambda line: line.startswith("//"), self.cypher.strip().splitlines())
        return "\n".join(lines).strip()

    @property
    def json(self) -> str:
        """Its parameters as one line of JSON; empty where there are none."""
        return _json(dict(self.params)) if self.params else ""

    @property
    def text(self) -> str:
        """To be pasted: the parameters in comments, then the Cypher."""
        given = (f"// ${name} = {_json(value)}" for name, value in self.params.items())
        return marked("\n".join((*given, self.body)))


def _json(value: object) -> str:
    """On one line, what cannot be seen as `\\u202e`."""
    return escaped(json.dumps(value, ensure_ascii=False, default=str))


_HEARD: ContextVar[list[Statement] | None] = ContextVar("heard", default=None)


@contextmanager
def heard() -> Iterator[list[Statement]]:
    """The statements that this request asks from here on, each once, in order."""
    statements: list[Statement] = []
    token = _HEARD.set(statements)
    try:
        yield statements
    finally:
        _HEARD.reset(token)


def record_reads(session: Session) -> None:
    """From now on `heard` has what is asked of the session's store."""
    session.watch(_recorded)


def _recorded(store: Store) -> Store:
    return cast("Store", RecordedStore(store))


class RecordedStore:
    """A store that says what it is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def read(self, cypher: str, params: Mapping[str, Any] | None = None, **limits: Any) -> Result:
        """As the store reads."""
        statements = _HEARD.get()
        if statements is not None:
            asked = Statement(cypher, dict(params or {}))
            if asked not in statements:
                statements.append(asked)
        return self._store.read(cypher, params, **limits)
