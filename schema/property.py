"""The three nouns of the ontology: a property, a node label and a relationship type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "int", "float", "bool", "strings", "ints", "floats", "float32s"]
"""What a property holds. int is 64-bit, float is IEEE double; the plurals are lists. float32s is for matrices alone."""

Index = Literal["none", "unique", "range", "fulltext", "vector"]


@dataclass(frozen=True)
class Property:
    """One named value of a node or a relationship."""

    name: str
    kind: Kind
    doc: str
    required: bool = False
    """A row without it is refused."""
    index: Index = "none"
    """unique: one node a value (also looked up by it); range: looked up by it."""
    own: bool = False
    """Of a node: whether the store or its people alone write it, and no bundle has the column."""


@dataclass(frozen=True)
class Node:
    """One node label. Every node is named by its own `id`, unique within the label."""

    label: str
    doc: str
    properties: tuple[Property, ...]
    merged: bool = False
    """A later row with the same id adds its non-null properties to the node; else the first row stays."""
    own: bool = False
    """Whether the store or its people alone write it: no bundle may hold any."""

    @property
    def name(self) -> str:
        """The name of its table in a bundle: the label."""
        return self.label

    @property
    def columns(self) -> tuple[Property, ...]:
        """Its table's columns, in order."""
        return tuple(p for p in self.properties if not p.own)

    @property
    def evidence(self) -> bool:
        """Whether a node belongs to one run (it carries `run`)."""
        return any(p.name == "run" for p in self.properties)


@dataclass(frozen=True)
class Relationship:
    """One relationship type between two labels."""

    type: str
    start: str
    end: str
    doc: str
    properties: tuple[Property, ...] = ()
    key: tuple[str, ...] = ()
    """The properties that, with both ends, name one relationship. The same key twice is the same relationship."""
    own: bool = False
    """Whether the store or its people alone write it: no bundle may hold any."""
    job: str | None = None
    """The job that makes it, of a method that `queries/catalogue/evidence.py` does not list."""

    @property
    def name(self) -> str:
        """The name of its table in a bundle, such as `Neuron.DECODES_TO.Token`."""
        return f"{self.start}.{self.type}.{self.end}"

    @property
    def columns(self) -> tuple[Property, ...]:
        """Its table's columns, in order: both ends' ids, then the properties."""
        return (
            Property("start", "string", f"id of the {self.start}", required=True),
            Property("end", "string", f"id of the {self.end}", required=True),
            *self.properties,
        )

    @property
    def evidence(self) -> bool:
        """Whether its rows belong to one run (they carry `run`)."""
        return "run" in self.key


@dataclass(frozen=True)
class Matrix:
    """A table that stays in its bundle: no store takes it in."""

    name: str
    doc: str
    columns: tuple[Property, ...]


Table = Node | Relationship
