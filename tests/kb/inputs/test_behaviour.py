"""What stores tell of two neurons' behaviour, from evidence by hand, on each store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from neuronkb.ingest.bundle import BundleWriter, RunInfo
from neuronkb.ingest.findings.measure import Measure
from neuronkb.kb.inputs.behaviour import Behaviours, evidence_hash
from neuronkb.kb.place import Place
from neuronkb.kb.stores.base import Store
from neuronkb.queries import query
from neuronkb.schema import NODES, RELATIONSHIPS, arrow_schema, conform

BASE, TUNED = "m/L0/N0", "t/L0/N0"


def put(store: Store, name: str, *rows: dict[str, Any]) -> None:
    """Rows of one label or relationship type."""
    if name in NODES:
        node = NODES[name]
        store.merge_nodes(node, conform(node, pa.Table.from_pylist(list(rows), arrow_schema(node))))
    else:
        rel = RELATIONSHIPS[name]
        store.create_relationships(rel, conform(rel, pa.Table.from_pylist(list(rows), arrow_schema(rel))))


@pytest.fixture
def models(store: Store) -> Store:
    """A neuron of a base and the same of its fine-tune."""
    put(store, "Model", {"id": "m"}, {"id": "t"})
    put(store, "Neuron", *({"id": name, "model": name[0], "layer": 0, "index": 0} for name in (BASE, TUNED)))
    return store


def measures(store: Store, where: Path) -> dict[str, Measure]:
    return {f"{one.kind} {one.name}": one for one in Behaviours(store, Place(str(where)))(BASE, TUNED)}


def test_nothing_is_known(models: Store, tmp_path: Path) -> None:
    assert measures(models, tmp_path) == {}


def test_probes_follow_what_the_base_tells_best(models: Store, tmp_path: Path) -> None:
    names = ("french", "german", "noun", "verb")
    put(models, "Feature", *({"id": f"d/{name}", "name": name} for name in names))

    def told(neuron: str, feature: str, f1: float, **more: float) -> dict[str, Any]:
        fixed = {"method": "logistic", "base_f1": 0.4, "null": 0.5, "run": f"probes-{neuron[0]}"}
        return {"start": neuron, "end": f"d/{feature}", "f1": f1, **fixed, **more}

    counts = {"precision": 0.9, "recall": 0.9, "n": 200, "positives": 50}
    put(
        models,
        "Neuron.DETECTS.Feature",
        *(told(BASE, name, f1) for name, f1 in zip(names, (0.95, 0.9, 0.8, 0.45), strict=True)),
        told(TUNED, "french", 0.9, **counts),
    )
    put(models, "Run", {"id": "probes-t", "job": "probes", "model": "t"})
    writer = BundleWriter.open(
        Place(str(tmp_path)).bundle("probes-t"), RunInfo("probes-t", "probes", "t", "w", None, {})
    )
    fixed = {"layer": [0], "method": ["logistic"], "mcc": [[0.1]], "auc": [[0.5]], "mean_difference": [[0.0]]}
    writer.write("L000", {"ProbeScores": pa.table({"feature": ["d/german"], "f1": [[0.25]], **fixed})})
    writer.finish()
    found = measures(models, tmp_path)
    # Nouns were not probed on the fine-tune; verbs are no better than a random direction on the base.
    assert set(found) == {"probe french", "probe german"}
    french = found["probe french"]
    assert (french.value, french.base, french.null, french.run) == (0.9, 0.95, 0.5, "probes-t")
    assert french.low is not None
    assert french.high is not None
    assert 0.8 < french.low < 0.9 < french.high < 1
    german = found["probe german"]
    assert (german.value, german.base, german.low, german.outcome) == (0.25, 0.9, None, "gone")


def test_clamps_of_the_same_side_are_compared(models: Store, tmp_path: Path) -> None:
    def clamp(neuron: str, projection: str, effect: float, multiple: float = 1.0) -> str:
        name = f"{neuron}/clamp/{projection}/{multiple}"
        row = {
            "projection": projection,
            "pole": 1,
            "site": "hidden",
            "value": 1.0,
            "multiple": multiple,
            "effect": effect,
        }
        nulls = {
            "null_tokens_5": -0.1,
            "null_tokens_95": 0.2,
            "null_neurons_95": 0.3,
            "p_tokens": 0.01,
            "p_neurons": 0.01,
        }
        put(models, "Intervention", {"id": name, "run": "clamp", "kl": 0.1, **row, **nulls})
        put(models, "Intervention.ON.Neuron", {"start": name, "end": neuron, "run": "clamp"})
        return name

    for projection, base, tuned in (("down", 2.0, 0.25), ("up", 1.0, 1.0)):
        clamp(BASE, projection, base)
        clamp(TUNED, projection, tuned)
    (found,) = measures(models, tmp_path).values()
    assert (found.name, found.value, found.base, found.null) == ("down+ at hidden", 0.25, 2.0, 0.3)
    assert found.outcome == "gone"


def test_explanations_scored_on_both(models: Store, tmp_path: Path) -> None:
    put(models, "Explanation", {"id": "e1", "kind": "text", "text": "months", "run": "x"})
    put(models, "Neuron.EXPLAINED_BY.Explanation", {"start": BASE, "end": "e1", "pole": 1, "run": "x"})
    for neuron, scorer, value in ((BASE, "correlation", 0.8), (TUNED, "correlation", 0.75), (BASE, "detection", 0.9)):
        name = f"e1/{neuron}/{scorer}"
        put(models, "Score", {"id": name, "scorer": scorer, "value": value, "null": 0.1, "n": 400, "run": "x"})
        put(models, "Explanation.SCORED.Score", {"start": "e1", "end": name, "run": "x"})
        put(models, "Score.OF.Neuron", {"start": name, "end": neuron, "run": "x"})
    (found,) = measures(models, tmp_path).values()
    assert (found.kind, found.name, found.value, found.base, found.null) == (
        "explanation",
        "correlation e1",
        0.75,
        0.8,
        0.1,
    )
    assert found.low == pytest.approx(0.704, abs=2e-3)
    assert found.outcome == "kept"


def test_the_bases_graph_is_judged_on_both_neurons_windows(models: Store, tmp_path: Path) -> None:
    put(
        models,
        "Graph",
        {"id": "g", "pole": 1, "algorithm": "neuronkb", "status": "ok", "lossy": False, "base": 0.0, "run": "n"},
    )
    end = {"ends": True, "value": 1.0, "n": 9, "mean": 1.0, "high": 1.0, "fired": 9}
    node = {
        "token": " may",
        "key": " may",
        "kind": "activating",
        "match": "token",
        "importance": 1.0,
        "activation": 1.0,
    }
    put(models, "GraphNode", {"id": "g/0", "run": "n", **node, **end})
    put(models, "Neuron.HAS_GRAPH.Graph", {"start": BASE, "end": "g", "pole": 1, "run": "n"})
    put(models, "Graph.STARTS_AT.GraphNode", {"start": "g", "end": "g/0", "run": "n"})
    numbers = {"n": 10, "mean": 0.1, "std": 1.0, "min": 0.0, "max": 4.0, "nonzero": 0.2, "pole": 1}
    for neuron, fires in ((BASE, "0 1000 0 0"), (TUNED, "0 0 0 1000")):
        run = f"pass-{neuron[0]}"
        put(models, "Run", {"id": run, "job": "activations", "model": neuron[0]})
        put(models, "Stats", {"id": f"{neuron}/s", "kind": "activations", "run": run, **numbers})
        put(models, "Neuron.HAS_STATS.Stats", {"start": neuron, "end": f"{neuron}/s", "run": run})
        for i in range(6):
            name = f"{neuron}/e{i}"
            window = {"document": str(i), "offset": 0, "tokens": ["a", " may", " b", " june"], "text": "a may b june"}
            put(models, "Excerpt", {"id": name, **window})
            shown = {"pole": 1, "activation": 4.0, "levels": fires, "unit": 0.004, "band": "top", "run": run}
            put(models, "Neuron.FIRES_ON.Excerpt", {"start": neuron, "end": name, **shown})
    (found,) = measures(models, tmp_path).values()
    assert (found.kind, found.name, found.base, found.value) == ("graph", "pole +", 1.0, 0.0)
    assert found.outcome == "gone"


def test_new_evidence_changes_the_hash_and_carries_do_not(models: Store) -> None:
    first = evidence_hash(models, ("m", "t"))
    put(models, "Run", {"id": "carry-1", "job": "carry", "model": "t"})
    assert evidence_hash(models, ("m", "t")) == first
    put(models, "Run", {"id": "probes-1", "job": "probes", "model": "t"})
    second = evidence_hash(models, ("m", "t"))
    put(models, "Run", {"id": "probes-1", "job": "probes", "model": "t", "ended": "2026-01-01"})
    assert len({first, second, evidence_hash(models, ("m", "t"))}) == 3


def scored(store: Store, *scores: dict[str, Any]) -> None:
    """Scores of one explanation of the base's neuron, by place."""
    put(store, "Explanation", {"id": "e1", "kind": "text", "text": "months", "run": "x"})
    put(store, "Neuron.EXPLAINED_BY.Explanation", {"start": BASE, "end": "e1", "pole": 1, "run": "x"})
    for number, score in enumerate(scores):
        name, neuron = f"e1/{number}", score.pop("on")
        put(store, "Score", {"id": name, "null": 0.1, "n": 400, "pole": 1, "run": "x", **score})
        put(store, "Explanation.SCORED.Score", {"start": "e1", "end": name, "run": "x"})
        put(store, "Score.OF.Neuron", {"start": name, "end": neuron, "run": "x"})


def test_only_scores_made_in_the_same_way_are_compared(models: Store, tmp_path: Path) -> None:
    r = {"scorer": "correlation", "formula": "ev-correlation"}
    scored(
        models,
        {**r, "on": BASE, "split": "top-and-random", "value": 0.8},
        {**r, "on": BASE, "split": "random-only", "value": 0.3},
        {**r, "on": TUNED, "split": "top-and-random", "value": 0.79},
        {**r, "on": TUNED, "split": "random-only", "value": 0.29},
        {**r, "on": TUNED, "split": "random-only", "value": 0.01, "pole": -1},
        {**r, "on": TUNED, "split": "random-only", "value": 0.02, "simulator": "another"},
    )
    rows = query("explanations_on_both").run(models, neuron=BASE, other=TUNED).dicts()
    assert [(row["base"], row["value"], row["formula"]) for row in rows] == [
        (0.8, 0.79, "ev-correlation"),
        (0.3, 0.29, "ev-correlation"),
    ]
    (found,) = {one.outcome for one in Behaviours(models, Place(str(tmp_path)))(BASE, TUNED)}
    assert found == "kept"


def test_a_neuron_is_not_compared_with_itself(models: Store) -> None:
    scored(models, {"scorer": "correlation", "on": BASE, "value": 0.8})
    assert query("explanations_on_both").run(models, neuron=BASE, other=BASE).rows == []


def test_scores_without_an_interval_are_no_measures(models: Store, tmp_path: Path) -> None:
    ways = [
        ("human", "rating-1-to-5", 4.5),
        ("correlation", "r2-uncentred", -7.0),
        ("correlation", "absolute-deviation-from-0", 0.4),
        ("ablation", "js-ablation", -0.5),
        ("correlation", "ev-correlation", 1.7),
        ("detection", "f1", 0.8),
    ]
    scored(
        models,
        *({"on": on, "scorer": s, "formula": f, "value": v} for s, f, v in ways for on in (BASE, TUNED)),
    )
    assert set(measures(models, tmp_path)) == {"explanation detection e1"}
