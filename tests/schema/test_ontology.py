"""The ontology is consistent, and its Arrow schemas refuse what does not fit."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.schema import (
    MATRICES,
    NODES,
    RELATIONSHIPS,
    TABLES,
    Kind,
    Property,
    SchemaError,
    arrow_schema,
    bundle_table,
    conform,
    table,
)

VALUES: dict[Kind, st.SearchStrategy[object]] = {
    "string": st.text(),
    "int": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False),
    "bool": st.booleans(),
    "strings": st.lists(st.text(), max_size=3),
    "ints": st.lists(st.integers(-(2**63), 2**63 - 1), max_size=3),
    "floats": st.lists(st.floats(allow_nan=False), max_size=3),
    "float32s": st.lists(st.floats(allow_nan=False, width=32), max_size=3),
}


def value(p: Property) -> st.SearchStrategy[object]:
    return VALUES[p.kind] if p.required else st.none() | VALUES[p.kind]


def test_every_node_is_named_by_a_unique_id() -> None:
    for node in NODES.values():
        first = node.properties[0]
        assert (first.name, first.index, first.required) == ("id", "unique", True)


def test_every_relationship_joins_known_labels_and_its_key_is_among_its_required_properties() -> None:
    for rel in RELATIONSHIPS.values():
        assert {rel.start, rel.end} <= set(NODES)
        required = {p.name for p in rel.properties if p.required}
        assert set(rel.key) <= required, rel.name


def test_evidence_carries_its_run() -> None:
    for rel in RELATIONSHIPS.values():
        assert rel.evidence == any(p.name == "run" for p in rel.properties), rel.name


def test_no_property_twice_and_none_named_like_an_end() -> None:
    for kind in (*TABLES.values(), *MATRICES.values()):
        names = [p.name for p in kind.columns]
        assert len(names) == len(set(names)), kind.name


@pytest.mark.parametrize("name", sorted({**TABLES, **MATRICES}))
@given(data=st.data())
def test_records_survive_arrow(name: str, data: st.DataObject) -> None:
    kind = bundle_table(name)
    row = {p.name: data.draw(value(p)) for p in kind.columns}
    rows = conform(kind, pa.Table.from_pylist([row], arrow_schema(kind)))
    assert rows.to_pylist() == [row]


def test_matrices_are_no_tables_of_the_store() -> None:
    assert not set(MATRICES) & set(TABLES)
    assert not any(p.kind == "float32s" for kind in TABLES.values() for p in kind.columns)


def test_columns_are_put_in_order_and_absent_ones_are_null() -> None:
    rows = conform(table("Term"), pa.table({"id": ["may"]}))
    assert rows.schema == arrow_schema(table("Term"))
    token = conform(table("Token"), pa.table({"token": [1], "tokenizer": ["t"], "id": ["t/T1"]}))
    assert token.column_names == [p.name for p in table("Token").columns]
    assert token.column("text").null_count == 1


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a"], "size": [1]}, "unknown column 'size'"),
        ({}, "required column 'id' is missing"),
        ({"id": [None]}, "1 nulls in a required column"),
        ({"id": [[1]]}, "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        conform(table("Term"), pa.table(columns))


def test_a_cast_that_loses_is_refused() -> None:
    neuron = {"id": ["m/L0/N0"], "model": ["m"], "layer": [0.5], "index": [0]}
    with pytest.raises(SchemaError, match=r"Neuron\.layer"):
        conform(table("Neuron"), pa.table(neuron))


def test_an_unknown_table_is_answered_with_the_known_ones() -> None:
    with pytest.raises(SchemaError, match="unknown table 'Cell'; known: Model, Neuron"):
        table("Cell")
