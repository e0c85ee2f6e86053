"""Explanations of the planted base's neurons, with automatic scores, for people to rate."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from neuronkb.ingest.bundle import UNVERIFIED, BundleWriter, RunInfo
from neuronkb.ingest.explain.records import Explanation, Score
from neuronkb.ingest.explain.tables import record_tables
from neuronkb.ingest.n2g.tables import rows_tables
from neuronkb.kb.load.loader import Loader
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NeuronId

MONTHS = NeuronId("base", 1, 3)
OTHERS = tuple(NeuronId("base", 1, 10 + i) for i in range(5))
TEXTS = ("names of months", "dates", "animals", "colours", "verbs", "cities")
"""Of the months neuron, by rank."""


def fill(store: Store, folder: Path) -> None:
    """Six sentences for one neuron and one for each of five others of its layer, scored 0.9, 0.8, ...; two excerpts
    of each."""
    records = [_explanation(MONTHS, text, rank) for rank, text in enumerate(TEXTS, 1)]
    records += [_explanation(unit, f"something else {i}", 1) for i, unit in enumerate(OTHERS)]
    model = rows_tables({"Model": [{"id": "base"}]})
    _load(store, folder / "explanations", "explanations", {**model, **record_tables(records, "explanations-1")})
    _load(store, folder / "activations", "activations", rows_tables(_activity()))


def _explanation(unit: NeuronId, text: str, rank: int) -> Explanation:
    score = Score("correlation", "ev-correlation", 1 - rank / 10, 0.0, 640, split="top-and-random", simulator="sim")
    other = Score("correlation", "ev-correlation", -1.0, 0.0, 640, split="random-only", simulator="sim")
    return Explanation(unit, text, "writer", rank=rank, scores=(score, other))


def _activity() -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    numbers = dict.fromkeys(("mean", "std", "min", "max", "nonzero"), 0.5)
    for unit in (MONTHS, *OTHERS):
        name, run = str(unit), "activations-1"
        stats = {"id": f"{name}/activations", "kind": "activations", "pole": 1, "run": run, "n": 100, **numbers}
        rows["Stats"].append(stats)
        rows["Neuron.HAS_STATS.Stats"].append({"start": name, "end": stats["id"], "run": run})
        for band, activation, levels in (("0.5-0.9", 1.0, "0 1000 500"), ("top", 4.0, "0 1000 125")):
            excerpt = {"id": f"{name}/{band}", "document": "d", "offset": 0, "tokens": [" in", " May", " rain"]}
            rows["Excerpt"].append(excerpt)
            fires = {"band": band, "activation": activation, "levels": levels, "unit": activation / 1000}
            rows["Neuron.FIRES_ON.Excerpt"].append(
                {"start": name, "end": excerpt["id"], "pole": 1, "run": run, **fires}
            )
    return rows


def _load(store: Store, folder: Path, job: str, tables: dict[str, pa.Table]) -> None:
    with BundleWriter.open(folder, RunInfo(f"{job}-1", job, "base", UNVERIFIED, None, {})) as writer:
        loader = Loader(store, writer.run)
        loader.describe(writer.run)
        loader.shards(writer.bundle(), [writer.write("all", tables)])
        loader.finish(writer.finish(summary={}))
