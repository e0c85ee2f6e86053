"""A few rows of a few kinds, for tests of stores."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS, conform

NEURON, TOKEN, STATS, EXCERPT = (NODES[name] for name in ("Neuron", "Token", "Stats", "Excerpt"))
DECODES = RELATIONSHIPS["Neuron.DECODES_TO.Token"]


def graph(store: Store) -> None:
    """Two neurons, two tokens, three relationships of two runs."""
    store.create_nodes(NEURON, neurons(2))
    store.create_nodes(TOKEN, tokens([" a", " b"]))
    store.create_relationships(DECODES, decodings(("N0", "T0", 1, "r1"), ("N0", "T1", -1, "r1"), ("N1", "T0", 1, "r2")))


def neurons(n: int) -> pa.Table:
    columns = {
        "id": [f"N{i}" for i in range(n)],
        "model": ["m"] * n,
        "layer": [i // 100 for i in range(n)],
        "index": list(range(n)),
    }
    return conform(NEURON, pa.table(columns))


def tokens(texts: list[str]) -> pa.Table:
    n = len(texts)
    columns = {"id": [f"T{i}" for i in range(n)], "tokenizer": ["k"] * n, "token": list(range(n)), "text": texts}
    return conform(TOKEN, pa.table(columns))


def decodings(*rows: tuple[str, str, int, str]) -> pa.Table:
    fixed = {"projection": "up", "convention": "raw", "rank": 1, "logit": 2.0, "z": 0.5, "probability": 0.25}
    dicts = [{"start": s, "end": e, "pole": pole, "run": run, **fixed} for s, e, pole, run in rows]
    return conform(DECODES, pa.Table.from_pylist(dicts))


def stats(**columns: list[Any]) -> pa.Table:
    n = len(next(iter(columns.values())))
    fixed = {"id": [f"S{i}" for i in range(n)], "kind": ["weights"] * n, "run": ["r"] * n}
    return conform(STATS, pa.table(fixed | columns))


def values(store: Store, name: str, label: str = "Stats") -> list[Any]:
    """One property of all nodes, by id."""
    return [row[0] for row in store.read(f"MATCH (s:{label}) RETURN s.`{name}` AS v, s.id AS id ORDER BY id").rows]
