"""Nothing falls out at an edge: no spread, null, few tokens kept."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from neuronkb.kb.stores.base import Store
from neuronkb.queries import coherent, query
from neuronkb.schema import NODES, RELATIONSHIPS, arrow_schema, conform


def put(store: Store, name: str, *rows: dict[str, Any]) -> None:
    """Rows of one label or relationship type."""
    kind = NODES.get(name) or RELATIONSHIPS[name]
    table = conform(kind, pa.Table.from_pylist(list(rows), arrow_schema(kind)))
    if name in NODES:
        store.merge_nodes(NODES[name], table)
    else:
        store.create_relationships(RELATIONSHIPS[name], table)


@pytest.fixture
def neurons(store: Store) -> Store:
    """Seven neurons of a model."""
    put(store, "Model", {"id": "m"})
    put(store, "Neuron", *({"id": f"m/L0/N{i}", "model": "m", "layer": 0, "index": i} for i in range(7)))
    return store


def stats(store: Store, *rows: dict[str, Any]) -> None:
    """Stats of the first neurons, in their order."""
    for number, row in enumerate(rows):
        put(store, "Stats", {"id": f"s{number}", "run": "x", "pole": 1, **row})
        put(store, "Neuron.HAS_STATS.Stats", {"start": f"m/L0/N{number}", "end": f"s{number}", "run": "x"})


def test_a_constant_neuron_is_dense(neurons: Store) -> None:
    values = [(3.0, 0.0), (3.0, None), (2.0, 1.0), (0.5, 1.0), (0.0, 0.0), (-3.0, 0.0), (None, None)]
    stats(neurons, *({"kind": "activations", "mean": mean, "std": std, "n": 9} for mean, std in values))
    found = query("dense_neurons").run(neurons, model="m").dicts()
    assert [(row["neuron"], row["density"]) for row in found] == [
        ("m/L0/N0", None),
        ("m/L0/N1", None),
        ("m/L0/N2", 2.0),
    ]


def side(store: Store, run: str, number: int, tokens: int, distinct: int, coherence: float) -> None:
    """The decoded tokens of a neuron's down column, and how coherent they are."""
    row = {"kind": "weights", "projection": "down", "distinct": distinct, "coherence": coherence, "pole": 1, "run": run}
    put(store, "Stats", {"id": f"{run}/{number}", **row})
    put(store, "Neuron.HAS_STATS.Stats", {"start": f"m/L0/N{number}", "end": f"{run}/{number}", "run": run})
    put(store, "Token", *({"id": f"t/T{i}", "tokenizer": "t", "token": i, "text": f" {i}"} for i in range(tokens)))
    decoded = {
        "projection": "down",
        "pole": 1,
        "convention": "raw",
        "logit": 1.0,
        "z": 1.0,
        "probability": 0.1,
        "run": run,
    }
    put(
        store,
        "Neuron.DECODES_TO.Token",
        *({"start": f"m/L0/N{number}", "end": f"t/T{i}", "rank": i + 1, **decoded} for i in range(tokens)),
    )


def test_coherent_sides_of_a_run_that_keeps_few_tokens(neurons: Store) -> None:
    for run, k in (("few", 3), ("many", 10)):
        put(neurons, "Run", {"id": run, "job": "lm-head", "model": "m", "parameters": json.dumps({"k": k})})
    side(neurons, "few", 0, 3, 3, 0.75)
    side(neurons, "few", 1, 3, 2, 0.9)
    side(neurons, "many", 2, 10, 8, 0.8)
    side(neurons, "many", 3, 10, 7, 0.9)
    names = ["m/L0/N2", "m/L0/N0"]
    assert [end.neuron for end in coherent(neurons).ends] == names
    assert [end.neuron for end in coherent(neurons, model="m", top=1).ends] == names[:1]
    assert [end.neuron for end in coherent(neurons, run="few").ends] == names[1:]
    assert [end.neuron for end in coherent(neurons, distinct=2).ends] == ["m/L0/N1", "m/L0/N3", "m/L0/N2", "m/L0/N0"]
    assert [len(end.tokens) for end in coherent(neurons).ends] == [10, 3]


def test_a_row_that_only_grew_has_changed(neurons: Store) -> None:
    put(neurons, "Model", {"id": "t"})
    put(neurons, "Neuron", *({"id": f"t/L0/N{i}", "model": "t", "layer": 0, "index": i} for i in range(3)))
    kept = {"cos_up": 1.0, "delta_up": 0.0}
    put(
        neurons,
        "Neuron.COUNTERPART.Neuron",
        *(
            {"start": f"m/L0/N{i}", "end": f"t/L0/N{i}", "cos_down": cosine, "delta_down": delta, "run": "link", **kept}
            for i, (cosine, delta) in enumerate([(1.0, 1.0), (1.0, 0.0), (0.5, 1.0)])
        ),
    )
    found = query("diff_changed").run(neurons, base="m", tuned="t").dicts()
    assert [(row["base"], row["projection"], row["cosine"]) for row in found] == [
        ("m/L0/N2", "down", 0.5),
        ("m/L0/N0", "down", 1.0),
    ]
