"""The graph around a neuron."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...schema import NeuronId
from ..catalogue.query import Reader, query
from ..result.entity import Entity
from ..result.places import row_name
from ..result.record import Record, plain_json
from ..result.result import Result
from ..result.section import Section
from .known import known_neuron

if TYPE_CHECKING:
    import networkx as nx

EXPANDED = 200
"""Nodes asked for at a time."""


@dataclass(frozen=True, repr=False)
class Around(Record):
    """What is around a neuron."""

    neuron: str
    nodes: tuple[Entity, ...]
    """the neuron first, then the nearer ones"""
    relationships: tuple[Entity, ...]
    """between two of the nodes"""

    @property
    def title(self) -> str:
        """The neuron."""
        return self.neuron

    @property
    def lead(self) -> str:
        """How much is around it."""
        return f"{len(self.nodes) - 1:,} other nodes, {len(self.relationships):,} relationships"

    def sections(self) -> tuple[Section, ...]:
        """Nodes by label, then the relationships; tokens and texts as they read, neurons of its model as `L3/N17`."""
        labels = Counter(label for node in self.nodes for label in node.labels)
        names = {str(node.properties["id"]): self._name(node) for node in self.nodes}
        rows = [
            (rel.labels[0], *_place(rel.properties), names[str(rel.start)], names[str(rel.end)])
            for rel in self.relationships
        ]
        return (
            Section("Nodes", ("label", "nodes"), tuple(labels.items())),
            Section.table("Relationships", ("type", "row", "rank", "from", "to"), rows),
        )

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The relationships, their ends by id."""
        heads = ("start", "type", "end", "properties")
        return heads, [(rel.start, rel.labels[0], rel.end, plain_json(rel.properties)) for rel in self.relationships]

    def _name(self, node: Entity) -> str:
        name = str(node.properties["id"])
        if "Token" in node.labels:
            return repr(node.properties.get("text"))
        if "Explanation" in node.labels:
            return str(node.properties.get("text") or name)
        return name.removeprefix(f"{self.neuron.rpartition('/L')[0]}/")

    def graph(self) -> nx.MultiDiGraph[str]:
        """The same in networkx: nodes by id with their labels and properties."""
        return Result(("entity",), [(entity,) for entity in (*self.nodes, *self.relationships)]).to_networkx()


def around(reader: Reader, neuron: str, hops: int, strongest: int, most: int) -> Around:
    """Breadth first from the neuron: of each node and relationship type the `strongest`, until `hops` steps or `most`
    nodes are reached; relationships of nodes that were left out are left out. Raises QueryError."""
    start = str(NeuronId.parse(neuron))
    nodes: dict[str, Entity] = {}
    relationships: dict[str, Entity] = {}
    seen, frontier = {start}, [start]
    for _ in range(hops):
        reached: dict[str, None] = {}
        for first in range(0, len(frontier), EXPANDED):
            asked = query("around").run(reader, nodes=frontier[first : first + EXPANDED], each=strongest)
            for node, relationship, other in asked.rows:
                name = other.properties["id"]
                if name not in seen and len(seen) >= most:
                    continue
                if name not in seen:
                    seen.add(name)
                    reached[name] = None
                nodes.setdefault(node.properties["id"], node)
                nodes.setdefault(name, other)
                relationships.setdefault(_key(relationship), relationship)
        frontier = list(reached)
    if start not in nodes:
        known_neuron(reader, NeuronId.parse(start))
        nodes = {start: Entity(("Neuron",), {"id": start})}
    return Around(start, tuple(nodes.values()), tuple(relationships.values()))


def _key(relationship: Entity) -> str:
    """Its ends, its type and its properties: what makes it one."""
    which = [relationship.start, relationship.end, relationship.labels, relationship.properties]
    return json.dumps(which, sort_keys=True, default=str)


def _place(properties: Mapping[str, Any]) -> tuple[str, int | None]:
    """The row or side that it is of, and its rank."""
    projection, pole = properties.get("projection"), properties.get("pole")
    row = "" if pole is None else row_name(projection or "side", pole)
    return row, properties.get("rank")
