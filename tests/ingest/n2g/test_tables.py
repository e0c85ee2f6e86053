"""Graphs to evidence tables and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.n2g.calibrate import Observation, calibrate
from neuronkb.ingest.n2g.graph import Graph
from neuronkb.ingest.n2g.tables import GraphRecord, Tables, read_graph, record_tables
from neuronkb.ingest.n2g.trie import Step, Trie
from neuronkb.schema import ModelError, NeuronId

NEURON = NeuronId("toy", 3, 17)


def made(paths: list[list[Step]], seen: list[tuple[list[str], float]]) -> Graph:
    trie = Trie()
    for path in paths:
        trie.add(path)
    return calibrate(trie.tree(), [Observation(tokens, np.array([value])) for tokens, value in seen]).graph()


def back(tables: Tables) -> Graph:
    """The graph from its tables' rows."""
    rows: list[dict[str, Any]] = tables["GraphNode"].to_pylist()
    joined = tables.get("GraphNode.PRECEDED_BY.GraphNode")
    parents = {row["end"]: row["start"] for row in joined.to_pylist()} if joined is not None else {}
    return read_graph("neuronkb", [{**row, "parent": parents.get(row["id"])} for row in reversed(rows)])


texts = st.lists(st.text(max_size=3), min_size=1, max_size=4)


@given(st.lists(texts, min_size=1, max_size=5), st.lists(st.floats(-1, 2), min_size=5, max_size=5))
@settings(deadline=None)
def test_a_graph_is_the_same_after_its_tables(found: list[list[str]], values: list[float]) -> None:
    paths = [[Step("token", token, token, 0.5) for token in reversed(text)] for text in found]
    graph = made([*paths, [*paths[0], Step("any", "", "x"), Step("start")]], list(zip(found, values, strict=False)))
    assert back(record_tables([GraphRecord(NEURON, -1, graph)], "run")) == graph


def test_words_are_joined_with_their_spellings() -> None:
    paths = [
        [Step("token", " Version", " Version", 0.9), Step("any"), Step("token", "LICENSE", "LICENSE", 0.6)],
        [Step("token", "version", "version", 0.2), Step("token", "\n", "\n", 0.4)],
    ]
    seen = [(["LICENSE", ",", " Version"], 0.9), (["\n", "version"], 0.3)]
    tables = record_tables([GraphRecord(NEURON, 1, made(paths, seen), {"f1": 0.5, "status": "ok"})], "run-1")
    (fires,) = tables["Neuron.ACTIVATES_ON.Term"].to_pylist()
    assert (fires["start"], fires["end"], fires["tokens"]) == ("toy/L3/N17", "version", [" Version", "version"])
    assert (fires["activation"], fires["importance"]) == (0.9, 0.9)
    context = {row["end"]: row["importance"] for row in tables["Neuron.HAS_CONTEXT.Term"].to_pylist()}
    assert context == {"license": 0.6, "\n": 0.4}
    (graph,) = tables["Graph"].to_pylist()
    assert graph["id"] == "toy/L3/N17/graph/1/run-1"
    assert (graph["f1"], graph["algorithm"], graph["precision"]) == (0.5, "neuronkb", None)
    assert graph["nodes"] == tables["GraphNode"].num_rows == 5
    kinds = [row["kind"] for row in tables["GraphNode"].to_pylist()]
    assert sorted(kinds) == ["activating", "activating", "context", "context", "wildcard"]
    assert {row["id"] for row in tables["Term"].to_pylist()} == {"version", "license", "\n"}


def test_missing_nodes_and_drawings_are_no_graph() -> None:
    row: dict[str, Any] = {"id": "g/1", "match": "token", "parent": None}
    with pytest.raises(ModelError, match="some are missing"):
        read_graph("neuronkb", [row])
    with pytest.raises(ModelError, match="read from a drawing"):
        read_graph("paper", [{**row, "id": "g/0", "match": None}])
