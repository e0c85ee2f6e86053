"""Rows of schema version 1 in both stores, brought to the form of version 2."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.migration import migrate
from neuronkb.schema.levels import levels
from neuronkb.tests import everything

WINDOWS = (
    "UNWIND range(0, size($values) - 1) AS i CREATE (n:{label} {{id: $ids[i]}})-[:FIRES_ON "
    "{{pole: 1, run: 'r', activation: $peaks[i], activations: $values[i]}}]->(:Excerpt {{id: $ids[i]}})"
)


@pytest.mark.parametrize("label", ["Neuron", "Latent"])
def test_windows_have_the_levels_that_a_job_writes(store: Store, label: str) -> None:
    """The server's arithmetic against our own, on random windows, odd ones among them."""
    random = np.random.default_rng(3)
    values = (random.standard_t(2, (140, 9)) * 10.0 ** random.integers(-6, 4, (140, 1))).tolist()
    values += [[0.0, 0.0], [-1.5, -0.25], [2.5, 5.0, -5.0, 0.0], [1e-9, -40.0], [0.1], []]
    peaks = [max(row, default=0.0) for row in values]
    ids = [f"{label}-{i}" for i in range(len(values))]
    store.write(WINDOWS.format(label=label), {"values": values, "peaks": peaks, "ids": ids})
    texts, units = (part.to_pylist() for part in levels(pa.array(values, pa.list_(pa.float64())), pa.array(peaks)))
    steps: list[str] = []
    for _ in range(2):
        migrate(store, 1, lambda step, done, total: steps.append(step))
        found = store.read(
            f"MATCH (n:{label})-[f:FIRES_ON]->() RETURN n.id AS id, f.levels AS levels, f.unit AS unit, "
            "f.activations AS old, f.activation AS peak"
        ).dicts()
        by_id = {row["id"]: row for row in found}
        assert [by_id[name]["levels"] for name in ids] == texts
        assert [by_id[name]["unit"] for name in ids] == units
        assert [by_id[name]["peak"] for name in ids] == peaks
        assert all(row["old"] is None for row in found)
    assert steps.count(f"schema version 2: {label}.FIRES_ON.Excerpt") == 6


def test_graphs_say_how_many_nodes_they_have(store: Store) -> None:
    graphs = {"m/L0/N0/graph/1/r": 12, "m/L0/N1/graph/-1/r": 1, "m/L0/N2/graph/1/r": 0}
    for graph, count in graphs.items():
        store.write("CREATE (:Graph {id: $id, run: 'r'})", {"id": graph})
        rows = "UNWIND range(0, $n - 1) AS i CREATE (:GraphNode {id: $id + '/' + toString(i), run: 'r'})"
        store.write(rows, {"id": graph, "n": count})
        first = "MATCH (g:Graph {id: $id}), (x:GraphNode {id: $id + '/0'}) CREATE (g)-[:STARTS_AT {run: 'r'}]->(x)"
        store.write(first, {"id": graph})
        for i in range(1, count):
            ends = {"a": f"{graph}/{(i - 1) // 3}", "b": f"{graph}/{i}"}
            store.write(
                "MATCH (a:GraphNode {id: $a}), (b:GraphNode {id: $b}) CREATE (a)-[:PRECEDED_BY {run: 'r'}]->(b)", ends
            )
    store.write("CREATE (:Graph {id: 'lost', lossy: true})")
    for _ in range(2):
        migrate(store, 1, lambda step, done, total: None)
        found = store.read("MATCH (g:Graph) RETURN g.id, g.nodes").rows
        assert dict(found) == {**graphs, "lost": None}


def test_explanations_have_their_headline(store: Store) -> None:
    """As everything.py has them, when they are taken away, and nothing of people or of another neuron."""
    everything.load(store)
    rows = (
        "MATCH (n)-[x:EXPLAINED_BY]->(e) RETURN n.id, e.id, x.pole, x.scorer, x.formula, x.value, x.`null`, x.n "
        "ORDER BY n.id, e.id"
    )
    before = store.read(rows).rows
    assert sum(row[5] is not None for row in before) == 2
    store.write("MATCH ()-[x:EXPLAINED_BY]->() SET x.scorer = null, x.formula = null, x.value = null, x.n = null")
    for _ in range(2):
        migrate(store, 1, lambda step, done, total: None)
        assert store.read(rows).rows == before
