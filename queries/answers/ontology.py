"""The graph's own description: labels, relationship types and their properties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...schema import NODES, RELATIONSHIPS, SCHEMA_VERSION, Node, Property, Relationship, SchemaError
from ..result.near import near
from ..result.record import Record
from ..result.section import Section

POLE = "pole is +1 or -1: the side of the hidden value, or of a row's ranking"


@dataclass(frozen=True, repr=False)
class Ontology(Record):
    """What the graph holds, or one label or relationship type of it in full."""

    version: int
    note: str
    nodes: tuple[dict[str, Any], ...]
    """label, what it is, its properties by name"""
    relationships: tuple[dict[str, Any], ...]
    """pattern, what it is, its properties by name"""

    @property
    def title(self) -> str:
        """The schema's version."""
        return f"schema {self.version}"

    @property
    def lead(self) -> str:
        """What a pole is."""
        return self.note

    def sections(self) -> tuple[Section, ...]:
        """Labels, then relationship types; one that stands alone with what each property is."""
        held = (*self.nodes, *self.relationships)
        if len(held) == 1:
            (described,) = held
            rows = tuple(described["properties"].items())
            return (Section(str(described["is"]), ("property", "is"), rows),)
        return (
            _table("Nodes", ("label", "is", "properties"), self.nodes),
            _table("Relationships", ("pattern", "is", "properties"), self.relationships),
        )


def schema(about: str | None = None, *, whole: bool = False) -> Ontology:
    """All labels and types, or those of the name `about` in full. Raises SchemaError for an unknown one."""
    nodes = [node for node in NODES.values() if about in (None, node.label)]
    relationships = [rel for rel in RELATIONSHIPS.values() if about in (None, rel.type)]
    if not nodes and not relationships:
        known = [*NODES, *dict.fromkeys(rel.type for rel in RELATIONSHIPS.values())]
        raise SchemaError(f"unknown label or type {about!r}{near(str(about), known)}")
    full = whole or about is not None
    return Ontology(
        SCHEMA_VERSION,
        POLE,
        tuple(_node(node, full) for node in nodes),
        tuple(_relationship(rel, full) for rel in relationships),
    )


def _node(node: Node, whole: bool) -> dict[str, Any]:
    return {"label": node.label, "is": node.doc, "properties": _properties(node.properties, whole)}


def _relationship(rel: Relationship, whole: bool) -> dict[str, Any]:
    pattern = f"(:{rel.start})-[:{rel.type}]->(:{rel.end})"
    return {"pattern": pattern, "is": rel.doc, "properties": _properties(rel.properties, whole)}


def _properties(properties: tuple[Property, ...], whole: bool) -> dict[str, str]:
    return {p.name: f"{p.kind}: {p.doc}" if whole else p.kind for p in properties}


def _table(caption: str, columns: tuple[str, ...], described: tuple[dict[str, Any], ...]) -> Section:
    rows = [(*(part[name] for name in columns[:-1]), ", ".join(part["properties"])) for part in described]
    return Section(caption, columns, tuple(rows))
