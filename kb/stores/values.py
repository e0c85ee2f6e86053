"""From the driver's values to plain ones: numbers, text, lists, dicts and `Entity`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from neo4j import Record
from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time

from ...queries.result.entity import SCALARS, Entity

_TEMPORAL = (Date, DateTime, Time, Duration)


class Resolver:
    """Rows of driver records as rows of plain values.

    A relationship names its ends by their own `id`, but the server sends an end's properties only when the end
    is in the answer too: `missing` lists the element ids to ask for.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        self._rows = [tuple(record.values()) for record in records]
        self._known: dict[str, str] = {}
        self._ends: set[str] = set()
        for value in _entities(self._rows):
            if isinstance(value, Node):
                if "id" in value:
                    self._known[value.element_id] = str(value["id"])
            else:
                self._ends.update(end.element_id for end in value.nodes if end is not None)

    def missing(self) -> list[str]:
        """Element ids of relationship ends whose own id is not known yet."""
        return sorted(self._ends - self._known.keys())

    def rows(self, ids: Mapping[str, str]) -> list[tuple[Any, ...]]:
        """The rows, with `ids` (element id -> own id) for what was missing."""
        known = {**self._known, **ids}
        return [tuple(_convert(value, known) for value in row) for row in self._rows]


def _entities(value: Any) -> Iterator[Node | Relationship]:
    if isinstance(value, list | tuple):
        for inner in value:
            if type(inner) not in SCALARS:
                yield from _entities(inner)
    elif isinstance(value, Path):
        yield from value.nodes
        yield from value.relationships
    elif isinstance(value, Node | Relationship):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _entities(inner)


def _convert(value: Any, known: Mapping[str, str]) -> Any:
    if type(value) in SCALARS:
        return value
    if isinstance(value, list):  # no tuples: durations and points are some, and the driver gives no other
        return [inner if type(inner) in SCALARS else _convert(inner, known) for inner in value]
    if isinstance(value, Node):
        return Entity(tuple(sorted(value.labels)), _properties(value, known))
    if isinstance(value, Relationship):
        return _relationship(value, known)
    if isinstance(value, Path):
        return _path(value, known)
    if isinstance(value, _TEMPORAL):
        return value.iso_format()
    if isinstance(value, Point):
        return [float(x) for x in value]
    if isinstance(value, dict):
        return {key: _convert(inner, known) for key, inner in value.items()}
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return value.hex()
    if hasattr(value, "to_native"):
        return value.to_native()
    return str(value)


def _properties(entity: Node | Relationship, known: Mapping[str, str]) -> dict[str, Any]:
    return {key: _convert(value, known) for key, value in entity.items()}


def _relationship(value: Relationship, known: Mapping[str, str]) -> Entity:
    start, end = (known.get(node.element_id, node.element_id) if node is not None else "" for node in value.nodes)
    return Entity((value.type,), _properties(value, known), start, end)


def _path(path: Path, known: Mapping[str, str]) -> list[Entity]:
    """Node, relationship, node, ... in the order walked."""
    found = [_convert(path.nodes[0], known)]
    for step, node in zip(path.relationships, path.nodes[1:], strict=True):
        found += [_convert(step, known), _convert(node, known)]
    return found
