"""Statements rendered from the ontology."""

from __future__ import annotations

import pytest
from neuronkb.kb.stores import statements
from neuronkb.kb.stores.arcade.schema_sql import COARSE, schema_script
from neuronkb.schema import NODES, RELATIONSHIPS, TABLES, Node, Property, Relationship, SchemaError, Table

TERM = Node("Term", "", (Property("id", "string", "", index="unique"), Property("index", "int", "", index="range")))
NAMED = Relationship("NAMED", "Term", "Term", "", (Property("run", "string", ""), Property("z", "float", "")), ("run",))


def test_constraints_and_indexes() -> None:
    tables: dict[str, Table] = {"Term": TERM, NAMED.name: NAMED}
    assert statements.constraints(tables) == [
        "CREATE CONSTRAINT Term_id IF NOT EXISTS FOR (n:`Term`) REQUIRE n.`id` IS UNIQUE"
    ]
    assert statements.range_indexes(tables) == ["CREATE INDEX Term_index IF NOT EXISTS FOR (n:`Term`) ON (n.`index`)"]


def test_every_label_has_a_unique_id() -> None:
    assert len(statements.constraints()) == len(NODES)


def test_loads_take_one_list_a_column() -> None:
    assert "MERGE (n:`Term` {id: $c0[i]}) ON CREATE SET" in statements.create_nodes(TERM)
    assert "SET n.`index` = coalesce($c1[i], n.`index`)" in statements.merge_nodes(TERM)
    created = statements.create_relationships(NAMED)
    assert "MATCH (a:`Term` {id: $c0[i]}) MATCH (b:`Term` {id: $c1[i]}) CREATE (a)-[r:`NAMED`]->(b)" in created
    assert created.endswith("SET r.`run` = $c2[i], r.`z` = $c3[i]")


def test_keys_are_required() -> None:
    """existing_relationships collects key values side by side, and collect() drops nulls."""
    for rel in RELATIONSHIPS.values():
        required = {p.name for p in rel.properties if p.required}
        assert set(rel.key) <= required, rel.name


@pytest.mark.parametrize("name", ["a b", "a`b", "", "1a", "a) DETACH DELETE n //"])
def test_only_plain_names_are_quoted(name: str) -> None:
    with pytest.raises(SchemaError, match="not a name the ontology may use"):
        statements.quote(name)


def test_local_schema_holds_every_type_and_the_same_index_names() -> None:
    script = schema_script().split(";\n")
    assert len(script) == len(set(script))
    for table in TABLES.values():
        kind, name = ("VERTEX", table.label) if isinstance(table, Node) else ("EDGE", table.type)
        assert f"CREATE {kind} TYPE `{name}` IF NOT EXISTS" in script
        for p in table.properties:
            made = any(line.startswith(f"CREATE INDEX `{name}_{p.name}` ") for line in script)
            assert made == (p.index == "unique" or (p.index == "range" and p.name not in COARSE)), p.name
