"""A question before it is asked: what no server can be sent, or would be too long about, is refused here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...schema import QueryError
from .cypher_text import check_size, position

DEPTH = 100
"""Lists and maps in each other that a parameter may hold."""


def check(cypher: str, params: Mapping[str, Any]) -> None:
    """Raise QueryError for a text or parameters that cannot be sent."""
    if not isinstance(cypher, str):
        raise QueryError(f"the query is a {type(cypher).__name__}; expected a text of Cypher")
    if (at := _no_character(cypher)) is not None:
        raise QueryError(f"the query holds {_half(cypher[at])} {position(cypher, at)}; write the whole character")
    check_size(cypher)
    for name, value in params.items():
        _check(name, value)


def check_limits(timeout: float | None, limit: int | None) -> None:
    """Raise QueryError for a time limit in seconds or a limit of rows that is none."""
    if timeout is not None and not timeout > 0:
        raise QueryError(f"the time limit {timeout!r} is no number of seconds; expected one above 0, or None")
    if limit is not None and limit < 0:
        raise QueryError(f"the limit {limit!r} is no number of rows; expected 0 or more, or None")


def _check(name: object, value: object) -> None:
    for inner in (name, *_inside(value, name, DEPTH)):
        if isinstance(inner, str) and (at := _no_character(inner)) is not None:
            shown = ascii(name) if isinstance(name, str) else repr(name)
            raise QueryError(f"the parameter {shown} holds {_half(inner[at])}; write the whole character")


def _inside(value: object, name: object, depth: int) -> Iterator[object]:
    """The value and everything in it, keys too."""
    if depth < 0:
        raise QueryError(f"the parameter {name!a} nests more than {DEPTH} lists or maps in each other; flatten it")
    yield value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _inside(inner, name, depth - 1)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _inside(inner, name, depth - 1)


def _no_character(text: str) -> int | None:
    """Where a text holds half of a surrogate pair, which no encoding can carry."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return error.start
    return None


def _half(character: str) -> str:
    return f"half a character, {character!a}"
