"""A load as the loader does it, in a process that may be killed: python -m tests.kb.stores.loading FOLDER RUN"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from neuronkb.kb.stores.local import LocalStore
from neuronkb.kb.stores.rows import missing_rows
from neuronkb.schema import NODES, RELATIONSHIPS, conform

NEURONS, TOKENS, EACH, FILES = 1500, 1000, 20, 2
NEURON, TOKEN = NODES["Neuron"], NODES["Token"]
DECODES = RELATIONSHIPS["Neuron.DECODES_TO.Token"]


def nodes() -> tuple[pa.Table, pa.Table]:
    """All neurons and all tokens."""
    numbers = np.arange(NEURONS)
    neurons = {
        "id": [f"m/L{i // 100}/N{i % 100}" for i in numbers],
        "model": ["m"] * NEURONS,
        "layer": numbers // 100,
        "index": numbers % 100,
    }
    tokens = {"id": [f"k/T{i}" for i in range(TOKENS)], "tokenizer": ["k"] * TOKENS, "token": np.arange(TOKENS)}
    return conform(NEURON, pa.table(neurons)), conform(TOKEN, pa.table(tokens))


def files(run: str) -> list[pa.Table]:
    """The run's relationships, a few tokens taking most of them, no neuron and token joined twice."""
    rng = np.random.default_rng(0)
    neurons, tokens = nodes()
    weights = 1 / np.arange(1, TOKENS + 1)
    ends = np.concatenate([rng.choice(TOKENS, EACH, replace=False, p=weights / weights.sum()) for _ in range(NEURONS)])
    n = len(ends)
    rows = {
        "start": neurons["id"].take(pa.array(np.repeat(np.arange(NEURONS), EACH))),
        "end": tokens["id"].take(pa.array(ends)),
        "projection": ["gate"] * n,
        "pole": [1] * n,
        "convention": ["raw"] * n,
        "rank": np.tile(np.arange(1, EACH + 1), NEURONS),
        "logit": rng.normal(size=n),
        "z": rng.normal(size=n),
        "probability": rng.random(n),
        "run": [run] * n,
    }
    table = conform(DECODES, pa.table(rows))
    size = n // FILES
    return [table.slice(i * size, size) for i in range(FILES)]


def load(folder: Path, run: str) -> None:
    """Bring the run in, whatever of it is in already; a line is said before each write."""
    with LocalStore.open(folder) as store:
        store.setup()
        store.repair()
        for node, rows in zip((NEURON, TOKEN), nodes(), strict=True):
            known = store.existing_ids(node, rows["id"])
            new = rows.filter(pc.invert(pc.is_in(rows["id"], value_set=known)))
            if new.num_rows:
                print(node.label, flush=True)
                store.create_nodes(node, new)
        for rows in files(run):
            known = store.existing_relationships(DECODES, pc.unique(rows["start"]), run)
            new = missing_rows(rows, known, ["start", "end", *DECODES.key])
            if new.num_rows:
                print(DECODES.type, flush=True)
                store.create_relationships(DECODES, new)


if __name__ == "__main__":
    load(Path(sys.argv[1]), sys.argv[2])
