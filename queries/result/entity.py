"""Nodes and relationships in an answer, and values as JSON can write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SCALARS = frozenset({bool, float, int, str, type(None)})
"""Types that nothing can be inside of: those of nearly all values, and so asked for first."""


@dataclass(frozen=True)
class Entity:
    """A node or relationship in an answer, freed of the driver."""

    labels: tuple[str, ...]
    """A node's labels, or a relationship's one type."""
    properties: dict[str, Any]
    start: str | None = None
    """A relationship's start node id; None for a node."""
    end: str | None = None


def plain(value: Any) -> Any:
    """A value with entities, at any depth, as dicts that JSON can write."""
    if type(value) in SCALARS:
        return value
    if isinstance(value, list | tuple):
        return [inner if type(inner) in SCALARS else plain(inner) for inner in value]
    if isinstance(value, Entity):
        ends = {} if value.start is None else {"start": value.start, "end": value.end}
        return {"labels": list(value.labels), **ends, **{k: plain(v) for k, v in value.properties.items()}}
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    return value


def written(value: Any) -> Any:
    """A value with entities, at any depth, as Cypher writes them; others as they are.

    A node is `(:Neuron {id: "m/L3/N17", layer: 3})`, a relationship stands between the ids of its ends.
    """
    if isinstance(value, Entity):
        return _pattern(value)
    if any(True for _ in entities(value)):
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {_literal(inner)}" for key, inner in value.items()) + "}"
        return "[" + ", ".join(map(_literal, value)) + "]"
    return plain(value)


def _pattern(entity: Entity) -> str:
    held = {"id": entity.properties.get("id"), **entity.properties}
    inside = ", ".join(f"{key}: {_literal(value)}" for key, value in held.items() if value is not None)
    body = "".join(f":{label}" for label in entity.labels) + (f" {{{inside}}}" if inside else "")
    if entity.start is None:
        return f"({body.strip()})"
    return f"({entity.start})-[{body.strip()}]->({entity.end})"


def _literal(value: Any) -> str:
    found = written(value)
    if isinstance(value, Entity) or any(True for _ in entities(value)):
        return str(found)
    return json.dumps(found, ensure_ascii=False, default=str)


def entities(value: Any) -> Iterator[Entity]:
    """The nodes and relationships in a value, at any depth, in the order that they stand in."""
    if isinstance(value, Entity):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from entities(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from entities(inner)
