"""Rows as the bulk endpoint's JSON: every line reads back as the row it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.kb.stores.arcade import encode
from neuronkb.kb.stores.arcade.encode import node_requests, relationship_requests
from neuronkb.schema import NODES, RELATIONSHIPS, arrow_schema, conform

STATS = NODES["Stats"]
SPELLS = RELATIONSHIPS["Token.SPELLS.Term"]


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
ROW = st.fixed_dictionaries(
    {"id": TEXT, "kind": TEXT, "run": TEXT},
    optional={
        "convention": TEXT,
        "mean": NUMBER,
        "n": st.integers(-(2**63), 2**63 - 1),
        "quantiles": st.lists(NUMBER, max_size=4),
        "histogram": st.lists(st.integers(0, 2**62), max_size=4),
    },
)


def lines(requests: Iterable[tuple[int, memoryview]]) -> list[dict[str, Any]]:
    found = []
    for count, body in requests:
        text = bytes(body).decode().removesuffix("\n").split("\n")
        assert len(text) == count
        found += [json.loads(line) for line in text]
    return found


@given(st.lists(ROW, min_size=1, max_size=20))
def test_nodes_read_back(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, schema=arrow_schema(STATS))
    found = lines(node_requests(STATS, table))
    assert found == [{"@type": "v", "@class": "Stats", **row} for row in rows]
    assert [repr(line.get("mean")) for line in found] == [repr(row.get("mean")) for row in rows]


@given(st.lists(ROW, min_size=3, max_size=8))
def test_a_slice_of_a_table_is_encoded_alone(rows: list[dict[str, Any]]) -> None:
    table = pa.Table.from_pylist(rows, schema=arrow_schema(STATS)).slice(1, len(rows) - 2)
    assert [line["id"] for line in lines(node_requests(STATS, table))] == [row["id"] for row in rows[1:-1]]


def test_relationships_name_record_ids() -> None:
    rows = conform(SPELLS, pa.table({"start": ["a", "b"], "end": ["x", "y"]}))
    found = lines(relationship_requests(SPELLS, rows, pa.array(["#1:0", "#1:1"]), pa.array(["#2:0", "#2:5"])))
    assert found == [
        {"@type": "e", "@class": "SPELLS", "@from": "#1:0", "@to": "#2:0"},
        {"@type": "e", "@class": "SPELLS", "@from": "#1:1", "@to": "#2:5"},
    ]


def test_whole_floats_stay_floats() -> None:
    table = pa.Table.from_pylist([{"id": "a", "kind": "k", "run": "r", "mean": 3.0}], schema=arrow_schema(STATS))
    ((_, body),) = node_requests(STATS, table)
    assert b'"mean":3.0' in bytes(body)


def test_requests_are_bounded() -> None:
    """Large rows are spread over requests of at most about REQUEST_BYTES, in order."""
    n, text = 60, "x" * (1 << 20)
    table = pa.table({"id": [str(i) for i in range(n)], "kind": [text] * n, "run": ["r"] * n})
    bodies = list(node_requests(STATS, conform(STATS, table)))
    assert all(len(body) <= encode.REQUEST_BYTES for _, body in bodies)
    assert sum(count for count, _ in bodies) == n
    assert len(bodies) > 2
    assert [json.loads(line)["id"] for _, body in bodies for line in bytes(body).splitlines()] == table[
        "id"
    ].to_pylist()


def test_no_rows_make_no_request() -> None:
    assert list(node_requests(STATS, arrow_schema(STATS).empty_table())) == []
