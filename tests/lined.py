"""Hand-made runs on one layer of a model, so that each neuron's line is another kind's: bundles that are loaded, and
what the lines are then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neuronkb.ingest.bundle import UNVERIFIED, Bundle, BundleWriter, RunInfo
from neuronkb.queries.result.line import NOTHING, UNMADE, Line
from neuronkb.tests.everything import Rows, rows_of

EXPLAINED, GRAPHED, TELLS, WRITES, READS, CHANCE, UNSEEN = (f"m/L0/N{i}" for i in range(7))
NEURONS = (EXPLAINED, GRAPHED, TELLS, WRITES, READS, CHANCE, UNSEEN)
WORDS = ("january", "march", "april", "june", "july", "august", "may", "october")
LINES = {
    EXPLAINED: Line("names of months", "explanation", 0.7, 0.1, "explanations-1"),
    GRAPHED: Line("fires on august, july; after 'in'", "graph", 0.85, 0.6, "n2g-1"),
    TELLS: Line("alone tells is_month", "feature", 0.9, 0.4, "probes-1"),
    WRITES: Line("writes january, march, april, june, july", "decoded", 0.5, 0.3, "lm-head-1"),
    READS: Line("reads below 0 january, march, april, june, july", "decoded", 0.3, 0.3, "lm-head-1"),
    CHANCE: Line(NOTHING, "nothing"),
    UNSEEN: UNMADE,
}
"""With all four runs in the store. Each has evidence of the kinds before its own too, but not above its null."""


def bundles(root: Path) -> dict[str, Path]:
    """A finished bundle of each run, by the run's id."""
    made = {"lm-head": _decoded(), "probes": _probes(), "n2g": _graphs(), "explanations": _explanations()}
    return {f"{job}-1": written(root / job, f"{job}-1", rows) for job, rows in made.items()}


def written(folder: Path, run: str, rows: Rows) -> Path:
    """A bundle of one shard."""
    at = [{"id": name, "model": "m", "layer": 0, "index": i} for i, name in enumerate(NEURONS)]
    ends = [{"start": name, "end": "m"} for name in NEURONS]
    size = {"n_layers": 1, "d_mlp": len(NEURONS), "tokenizer": "t0", "weights": UNVERIFIED}
    shared: Rows = {"Model": [{"id": "m", **size}], "Neuron": at, "Neuron.IN_MODEL.Model": ends}
    writer = BundleWriter.open(folder, RunInfo(run, run.rpartition("-")[0], "m", UNVERIFIED, "t0", {}))
    writer.write("L000", {name: rows_of(name, given) for name, given in (shared | rows).items()})
    writer.finish()
    return Bundle.open(folder).folder


def _decoded() -> Rows:
    """Only an end of coherence .3 and more counts, and only where its words are different."""
    run = "lm-head-1"
    rows: Rows = {
        "Token": [{"id": f"t0/T{i}", "tokenizer": "t0", "token": i, "text": f" {w}"} for i, w in enumerate(WORDS)],
        "Term": [{"id": word} for word in WORDS],
        "Token.SPELLS.Term": [{"start": f"t0/T{i}", "end": word} for i, word in enumerate(WORDS)],
        "Stats": [],
        "Neuron.HAS_STATS.Stats": [],
        "Neuron.DECODES_TO.Token": [],
    }
    ends = [
        *((neuron, "down", 1, 0.9, 8) for neuron in (EXPLAINED, GRAPHED, TELLS)),
        (WRITES, "down", 1, 0.5, 8),
        (WRITES, "up", 1, 0.4, 8),
        (READS, "up", -1, 0.3, 8),
        (CHANCE, "down", 1, 0.29, 8),
        (CHANCE, "up", 1, 0.9, 7),
    ]
    for neuron, projection, pole, coherence, distinct in ends:
        side: dict[str, Any] = {"projection": projection, "pole": pole, "run": run}
        name = f"{neuron}/weights/{projection}/{pole}/{run}"
        rows["Stats"].append({"id": name, "kind": "weights", "coherence": coherence, "distinct": distinct, **side})
        rows["Neuron.HAS_STATS.Stats"].append({"start": neuron, "end": name, "run": run})
        for i in range(len(WORDS)):
            number = {"rank": i + 1, "logit": 9.0 - i, "z": 9.0 - i, "probability": 0.1, "convention": "raw"}
            rows["Neuron.DECODES_TO.Token"].append({"start": neuron, "end": f"t0/T{i}", **number, **side})
    return rows


def _probes() -> Rows:
    """The one farthest above its null counts; not one without a null."""
    told = [
        (EXPLAINED, "noun", 0.9, 0.4),
        (GRAPHED, "noun", 0.9, 0.4),
        (TELLS, "is_month", 0.9, 0.4),
        (TELLS, "noun", 0.95, 0.8),
        (WRITES, "noun", 0.3, 0.4),
        (READS, "noun", 0.99, None),
        (CHANCE, "noun", 0.4, 0.4),
    ]
    return {
        "Feature": [{"id": f"texts/{name}", "name": name} for name in ("is_month", "noun")],
        "Neuron.DETECTS.Feature": [
            {"start": neuron, "end": f"texts/{name}", "method": "l1", "f1": f1, "null": null, "run": "probes-1"}
            for neuron, name, f1, null in told
        ],
    }


def _graphs() -> Rows:
    """Strongest words first, of the graph that beats the lookups."""
    run = "n2g-1"
    scored = [(EXPLAINED, 0.9, 0.6), (GRAPHED, 0.85, 0.6), (TELLS, 0.6, 0.6), (CHANCE, 0.9, None)]
    graphs = [
        {"id": f"{neuron}/graph/1/{run}", "pole": 1, "f1": f1, "null": null, "run": run} for neuron, f1, null in scored
    ]
    side = {"pole": 1, "run": run}
    fires = [("july", 0.7), ("august", 0.9)]
    return {
        "Graph": graphs,
        "Neuron.HAS_GRAPH.Graph": [
            {"start": neuron, "end": graph["id"], **side} for (neuron, *_), graph in zip(scored, graphs, strict=True)
        ],
        "Term": [{"id": word} for word in ("july", "august", "in")],
        "Neuron.ACTIVATES_ON.Term": [
            {"start": neuron, "end": word, "activation": activation, **side}
            for neuron, *_ in scored
            for word, activation in fires
        ],
        "Neuron.HAS_CONTEXT.Term": [{"start": GRAPHED, "end": "in", "importance": 0.4, **side}],
    }


def _explanations() -> Rows:
    """The chosen one in words whose score is above another neuron's."""
    run = "explanations-1"
    said = [
        (EXPLAINED, "names of months", "text", 1, 0.7, 0.1),
        (EXPLAINED, "not chosen", "text", 2, 0.8, 0.1),
        (EXPLAINED, "june, july", "token_table", 1, 0.9, 0.1),
        (GRAPHED, "verbs of motion", "text", 1, 0.1, 0.1),
        (TELLS, "colours", "text", 1, None, 0.1),
        (WRITES, "numbers", "text", 1, 0.5, None),
    ]
    scored = {"pole": 1, "scorer": "correlation", "formula": "ev-correlation", "run": run}
    return {
        "Explanation": [{"id": text, "kind": kind, "text": text, "run": run} for _, text, kind, *_ in said],
        "Neuron.EXPLAINED_BY.Explanation": [
            {"start": neuron, "end": text, "rank": rank, "value": value, "null": null, **scored}
            for neuron, text, _, rank, value, null in said
        ],
    }
