"""The nodes and relationships of an answer as a picture that one can move: what vis-network is given, and in words."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...queries.result.entity import Entity, entities
from ...schema import NODES, RELATIONSHIPS, IdError, NeuronId
from ...schema.visible import plain, visible
from .address import ServerAddresses

MOST = 300
"""nodes that are drawn"""
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a7a7a")
"""Okabe and Ito's, which people with any colour vision tell apart."""
SHAPES = ("dot", "square", "triangle", "diamond")
"""With the colours one of each label's own: told apart without colour too."""
NAMED_BY = ("text", "token", "name", "kind")
"""Properties that say more of a node than its id does, first the best."""
LETTERS, TOLD, ITEMS = 24, 100, 6
"""of a node's name, and of a property's value; entries of a list that are told"""
LINES = 14
"""of what a node says when it is pointed at"""

_SHORT = re.compile(r"/(L\d+/(?:E\d+/|S/)?N\d+.*)")
Name = tuple[str, str]
"""label and id"""


@dataclass(frozen=True)
class Kind:
    """One label in the picture's key."""

    label: str
    count: int
    colour: str
    shape: str


@dataclass(frozen=True)
class Network:
    """A picture's nodes and edges as vis-network takes them, its key, and what it shows in words."""

    nodes: tuple[dict[str, Any], ...]
    edges: tuple[dict[str, Any], ...]
    key: tuple[Kind, ...]
    counts: str
    left_out: str = ""
    """what is not drawn, and why"""

    @property
    def drawing(self) -> dict[str, Any]:
        """What the page's script needs."""
        kinds = {kind.label: {"colour": kind.colour, "shape": kind.shape} for kind in self.key}
        return {"nodes": self.nodes, "edges": self.edges, "kinds": kinds, "counts": self.counts}

    @property
    def pages(self) -> list[tuple[str, str]]:
        """The drawn neurons that have a page: name and address."""
        return [(node["id"], node["page"]) for node in self.nodes if node["page"]]


@dataclass
class _Found:
    """What an answer holds: nodes by name, in the order met, and relationships once each."""

    nodes: dict[Name, dict[str, Any]] = field(default_factory=dict)
    edges: dict[str, tuple[Name, Name, Entity]] = field(default_factory=dict)
    nameless: int = 0
    """nodes without an id"""

    def take(self, entity: Entity, known: dict[str, list[Name]]) -> None:
        """A node, or a relationship with both its ends; `known` are the answer's nodes by id."""
        if entity.start is not None and entity.end is not None:
            if entity.start and entity.end:
                start, end = (_end(entity, place, known) for place in ("start", "end"))
                self.nodes.setdefault(start, {"id": start[1]})
                self.nodes.setdefault(end, {"id": end[1]})
                key = json.dumps([start, end, entity.labels, entity.properties], sort_keys=True, default=str)
                self.edges.setdefault(key, (start, end, entity))
        elif (name := _name(entity)) is not None:
            if len(entity.properties) > len(self.nodes.get(name, {})):
                self.nodes[name] = entity.properties
        else:
            self.nameless += 1


def network(rows: Iterable[Sequence[Any]], most: int = MOST) -> Network | None:
    """The first `most` nodes in the order of the rows, and the relationships between them; None where there is no node.

    A relationship's end that is not in the answer itself is drawn by its id alone.
    """
    held = [entity for row in rows for value in row for entity in entities(value)]
    known: dict[str, list[Name]] = {}
    for entity in held:
        if entity.start is None and (name := _name(entity)) is not None:
            known.setdefault(name[1], []).append(name)
    found = _Found()
    for entity in held:
        found.take(entity, known)
    return _drawn(found, most) if found.nodes else None


def _drawn(found: _Found, most: int) -> Network:
    shown = dict(list(found.nodes.items())[:most])
    places = {name: place for place, name in enumerate(shown)}
    joined = [edge for edge in found.edges.values() if edge[0] in places and edge[1] in places]
    models = {str(_model(name)) for name in shown} - {"None"}
    labels = Counter(label for label, _ in shown)
    order = [*NODES, *sorted(set(labels) - set(NODES))]
    key = [
        Kind(label, labels[label], COLOURS[at % len(COLOURS)], SHAPES[at % len(SHAPES)])
        for at, label in enumerate(order, -1)  # so that Neuron, the second, has the first colour and the plainest shape
        if labels[label]
    ]
    types = Counter(entity.labels[0] for _, _, entity in joined)
    edges = _counted(len(joined), "relationship", {plain(name): count for name, count in types.items()})
    nodes = _counted(len(shown), "node", {plain(kind.label): kind.count for kind in key})
    return Network(
        tuple(_node(place, name, shown[name], len(models) > 1) for name, place in places.items()),
        tuple(_edge(places[start], places[end], entity) for start, end, entity in joined),
        tuple(key),
        f"{nodes} and {edges}",
        _left_out(found, most, len(found.edges) - len(joined)),
    )


def _left_out(found: _Found, most: int, edges: int) -> str:
    said = []
    if len(found.nodes) > most:
        rest = f"; not drawn with the others: {_counted(edges, 'relationship', {})}" if edges else ""
        said.append(f"The first {most:,} of {len(found.nodes):,} nodes are drawn{rest}.")
    if found.nameless:
        said.append(f"Not drawn: nodes without an id, {found.nameless:,} in all.")
    return " ".join(said)


def _counted(count: int, what: str, kinds: dict[str, int]) -> str:
    """`3 nodes (2 Neuron, 1 Token)`"""
    each = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())
    return f"{count:,} {what}{'' if count == 1 else 's'}" + (f" ({each})" if each else "")


def _name(entity: Entity) -> Name | None:
    """None for a node without an id: nothing can lead to it."""
    name = entity.properties.get("id")
    label = next((label for label in entity.labels if label in NODES), (*entity.labels, "")[0])
    return None if name is None else (label, str(name))


def _end(entity: Entity, place: str, known: dict[str, list[Name]]) -> Name:
    """A relationship's start or end: a node of the answer, or one of the label that the schema has there."""
    name = str(getattr(entity, place))
    labels = {str(getattr(rel, place)) for rel in RELATIONSHIPS.values() if rel.type == entity.labels[0]}
    candidates = known.get(name, [])
    for candidate in candidates:
        if candidate[0] in labels:
            return candidate
    if candidates:
        return candidates[0]
    if "Neuron" in labels and _neuron(name) is not None:
        return "Neuron", name
    others = labels - {"Neuron"}
    return (others.pop() if len(others) == 1 else "", name)


def _neuron(name: str) -> NeuronId | None:
    try:
        return NeuronId.parse(name)
    except IdError:
        return None


def _model(name: Name) -> str | None:
    neuron = _neuron(name[1]) if name[0] == "Neuron" else None
    return None if neuron is None else neuron.model


def _node(place: int, name: Name, properties: dict[str, Any], several: bool) -> dict[str, Any]:
    """As vis-network takes it. Of `several` models a neuron says its own."""
    label, text = name
    neuron = _neuron(text) if label == "Neuron" else None
    page = None if neuron is None else ServerAddresses().neuron(text)
    return {
        "place": place,
        "kind": label,
        "id": plain(text),
        "label": _called(label, text, properties, several),
        "title": _told(label or "a node", properties),
        "page": page,
    }


def _called(label: str, text: str, properties: dict[str, Any], several: bool) -> str:
    """A few letters under a node."""
    neuron = _neuron(text) if label == "Neuron" else None
    if neuron is not None:
        short = neuron.place
        return f"{short}\n{_cut(plain(neuron.model), LETTERS)}" if several else short
    for prop in NAMED_BY:
        if isinstance(said := properties.get(prop), str) and said.strip():
            return _cut(visible(said) if label == "Token" else plain(said), LETTERS)
    of_neuron = _SHORT.search(text)
    return _cut(plain(of_neuron[1] if of_neuron else text), LETTERS)


def _edge(start: int, end: int, entity: Entity) -> dict[str, Any]:
    kind = plain(entity.labels[0])
    return {"from": start, "to": end, "kind": kind, "title": _told(kind, entity.properties)}


def _told(head: str, properties: dict[str, Any]) -> str:
    """Head and properties, a line each."""
    told = [f"{plain(name)}: {_value(value)}" for name, value in properties.items() if value is not None]
    rest = len(told) - LINES
    more = [f"and {rest} more" if rest > 0 else ""]
    return "\n".join(filter(None, [plain(head), *told[:LINES], *more]))


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_value, value)) if len(value) <= ITEMS else f"{len(value):,} values"
    return _cut(f"{value:.4g}" if isinstance(value, float) else plain(str(value)), TOLD)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
