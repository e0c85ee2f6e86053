"""Hand-made evidence of every method on a few neurons of two models, so that each catalogue query finds something.

Layer 9 of the base: N188 names months by every method, N189 puts June on the side on which it does not fire and is
pushed the other way by its clamp, N7 is dead.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pyarrow as pa
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS, NeuronId, arrow_schema, bundle_table, conform, fold

BASE, TUNED = "gemma-3-270m", "gemma-3-270m-facts"
MONTHS, OTHER, DEAD = f"{BASE}/L9/N188", f"{BASE}/L9/N189", f"{BASE}/L9/N7"
EARLY, LATE = f"{BASE}/L8/N1", f"{BASE}/L10/N2"
TUNED_MONTHS, TUNED_OTHER = f"{TUNED}/L9/N188", f"{TUNED}/L9/N189"
NEURONS = (MONTHS, OTHER, DEAD, EARLY, LATE, TUNED_MONTHS, TUNED_OTHER)
TOKENS = (" June", " July", " May", " early", " dog", "june")

Rows = dict[str, list[dict[str, Any]]]


def load(store: Store, given: Rows | None = None) -> None:
    """Put all of it, or the rows given, into a store that is set up."""
    tables = everything() if given is None else given
    for name, rows in sorted(tables.items(), key=lambda item: item[0] not in NODES):
        found = rows_of(name, rows)
        if name in NODES:
            store.merge_nodes(NODES[name], found)
        else:
            store.create_relationships(RELATIONSHIPS[name], found)


def rows_of(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    """Rows of a table, columns that none of them has left null."""
    columns = {key for row in rows for key in row}
    declared = bundle_table(name)
    schema = pa.schema([field for field in arrow_schema(declared) if field.name in columns])
    return conform(declared, pa.Table.from_pylist(rows, schema=schema))


def everything() -> Rows:
    """Rows by table name."""
    rows: Rows = defaultdict(list)
    for part in (
        _models,
        _runs,
        _decoded,
        _activations,
        _graphs,
        _probes,
        _explanations,
        _clamps,
        _links,
        _findings,
        _agreement,
    ):
        part(rows)
    return rows


def _models(rows: Rows) -> None:
    size = {"n_layers": 18, "d_model": 640, "d_mlp": 2048, "gated": True, "tokenizer": "t0", "weights": "unverified"}
    rows["Model"] += [{"id": BASE, **size}, {"id": TUNED, **size}]
    for name in NEURONS:
        at = NeuronId.parse(name)
        rows["Neuron"].append({"id": name, "model": at.model, "layer": at.layer, "index": at.index})
        rows["Neuron.IN_MODEL.Model"].append({"start": name, "end": at.model})
    for i, text in enumerate(TOKENS):
        rows["Token"].append({"id": f"t0/T{i}", "tokenizer": "t0", "token": i, "text": text})
        rows["Token.SPELLS.Term"].append({"start": f"t0/T{i}", "end": fold(text)})
    words = {*map(fold, TOKENS), "month", "noun"}
    rows["Term"] += [{"id": word} for word in sorted(words)]


def _runs(rows: Rows) -> None:
    made = {
        "lm-head-1": ("lm-head", BASE, {}),
        "lm-head-2": ("lm-head", TUNED, {}),
        "activations-1": ("activations", BASE, {"corpus": "c0"}),
        "n2g-1": ("n2g", BASE, {"corpus": "c0"}),
        "probes-1": ("probes", BASE, {}),
        "probes-2": ("probes", TUNED, {}),
        "explain-1": ("explain", BASE, {}),
        "clamp-1": ("clamp", BASE, {"decoding": "lm-head-1"}),
        "link-1": ("link", TUNED, {"base": BASE, "runs": ["lm-head-1", "lm-head-2"]}),
    }
    for i, (run, (job, model, parameters)) in enumerate(made.items()):
        text = str(parameters).replace("'", '"')
        started = f"2026-01-0{i + 1}T00:00:00Z"
        rows["Run"].append({"id": run, "job": job, "model": model, "parameters": text, "started": started})
        rows["Shard"].append({"id": f"{run}/Neuron/L009", "run": run, "sha256": "0" * 64, "rows": 1, "state": "done"})
    derived = (("clamp-1", "lm-head-1"), ("clamp-1", "activations-1"), ("link-1", "lm-head-1"), ("link-1", "lm-head-2"))
    rows["Run.DERIVED_FROM.Run"] += [{"start": a, "end": b} for a, b in (*derived, ("explain-1", "activations-1"))]


def _decoded(rows: Rows) -> None:
    _side(rows, MONTHS, "down", 1, (" June", " July", " May"), coherence=0.8)
    _side(rows, MONTHS, "up", 1, (" June", " dog"))
    _side(rows, OTHER, "up", -1, (" June", " early"), coherence=0.7)
    _side(rows, OTHER, "down", 1, (" dog",))
    _side(rows, EARLY, "down", 1, (" early", " May"), coherence=0.6)
    _side(rows, TUNED_MONTHS, "down", 1, (" June", " dog"), run="lm-head-2")
    _side(rows, TUNED_OTHER, "down", 1, (" dog",), run="lm-head-2")
    rows["Expert"].append({"id": f"{BASE}/L0/E0", "model": BASE, "layer": 0, "expert": 0, "neurons": 8})
    numbers = {"pole": 1, "convention": "raw", "rank": 1, "logit": 8.0, "z": 11.0, "probability": 0.5}
    sent = {"start": f"{BASE}/L0/E0", "end": "t0/T0", "run": "lm-head-1"}
    rows["Expert.ROUTES_ON.Token"].append({**sent, **numbers})


def _side(
    rows: Rows,
    neuron: str,
    projection: str,
    pole: int,
    texts: tuple[str, ...],
    coherence: float = 0.1,
    run: str = "lm-head-1",
) -> None:
    side = {"projection": projection, "pole": pole, "run": run}
    for rank, text in enumerate(texts, 1):
        end = f"t0/T{TOKENS.index(text)}"
        numbers = {"rank": rank, "logit": 9.0 - rank, "z": 12.0 - rank, "probability": 0.5**rank}
        rows["Neuron.DECODES_TO.Token"].append({"start": neuron, "end": end, "convention": "raw", **side, **numbers})
    stats = {"id": f"{neuron}/weights/{projection}/{pole}/{run}", "kind": "weights", "convention": "raw", "norm": 1.0}
    stats |= {"kurtosis": 4.0, "coherence": coherence, "distinct": len(texts), "std": 0.5, "entropy": 2.0}
    _stats(rows, neuron, {**stats, **side})


def _stats(rows: Rows, neuron: str, stats: dict[str, Any]) -> None:
    rows["Stats"].append(stats)
    rows["Neuron.HAS_STATS.Stats"].append({"start": neuron, "end": stats["id"], "run": stats["run"]})


def _activations(rows: Rows) -> None:
    run = "activations-1"
    for neuron, mean, largest, said in ((MONTHS, 0.1, 8.0, 0.5), (OTHER, 0.9, 6.0, -0.25), (DEAD, 0.0, 0.001, 0.0)):
        numbers = {"n": 100, "mean": mean, "std": 1.0, "min": -1.0, "max": largest, "nonzero": 0.5, "histogram": [1, 2]}
        numbers |= {"roles": ["user", "assistant"], "role_n": [60, 40], "role_mean": [mean, mean + said]}
        numbers |= {"role_nonzero": [0.4, 0.65], "role_max": [largest, largest / 2]}
        stats = {"id": f"{neuron}/activations//1/{run}", "kind": "activations", "pole": 1, "run": run, **numbers}
        _stats(rows, neuron, {**stats, "skewness": 0.0, "kurtosis": 3.0, "quantiles": [0.1, 5.0]})
    fired = ((MONTHS, " June", 5.0), (MONTHS, " July", 4.0), (OTHER, "june", 3.0), (OTHER, " dog", 0.5))
    for neuron, text, mean in fired:
        end = f"t0/T{TOKENS.index(text)}"
        row = {"start": neuron, "end": end, "pole": 1, "mean": mean, "max": 2 * mean, "n": 4, "run": run}
        rows["Neuron.FIRES_ON_TOKEN.Token"].append(row)
    window = {
        "corpus": "c0",
        "document": "d0",
        "offset": 0,
        "text": "in early June",
        "tokens": ["in", " early", " June"],
    }
    rows["Excerpt"].append({"id": "x0", **window})
    fires = {
        "pole": 1,
        "activation": 5.0,
        "levels": "0 100 1000",
        "unit": 0.005,
        "signs": "_nP",
        "band": "top",
        "run": run,
    }
    rows["Neuron.FIRES_ON.Excerpt"].append({"start": MONTHS, "end": "x0", **fires})


def _graphs(rows: Rows) -> None:
    """June after early, and July; and a graph of another neuron that fires on dog."""
    other = {"id": f"{EARLY}/graph/1/n2g-1", "pole": 1, "run": "n2g-1", "status": "ok", "f1": 0.7, "null": 0.5}
    rows["Graph"].append(other)
    rows["Neuron.HAS_GRAPH.Graph"].append({"start": EARLY, "end": other["id"], "pole": 1, "run": "n2g-1"})
    fires = {"start": EARLY, "end": "dog", "pole": 1, "importance": 1.0, "activation": 0.9, "tokens": [" dog"]}
    rows["Neuron.ACTIVATES_ON.Term"].append({**fires, "run": "n2g-1"})
    graph, run = f"{MONTHS}/graph/1/n2g-1", "n2g-1"
    scores = {"precision": 0.9, "recall": 0.8, "f1": 0.85, "null": 0.6, "f1_token": 0.6, "f1_5gram": 0.5}
    rows["Graph"].append(
        {"id": graph, "pole": 1, "run": run, "algorithm": "neuronkb", "status": "ok", "nodes": 3, **scores}
    )
    rows["Neuron.HAS_GRAPH.Graph"].append({"start": MONTHS, "end": graph, "pole": 1, "run": run})
    nodes = ((" June", "activating", 1.0), (" July", "activating", 0.7), (" early", "context", 0.2))
    for i, (text, kind, activation) in enumerate(nodes):
        node = {"id": f"{graph}/{i}", "token": text, "key": text, "kind": kind, "match": "token", "importance": 0.9}
        rows["GraphNode"].append({**node, "activation": activation, "ends": True, "run": run})
        rows["GraphNode.MATCHES.Term"].append({"start": node["id"], "end": fold(text), "run": run})
    rows["Graph.STARTS_AT.GraphNode"] += [{"start": graph, "end": f"{graph}/{i}", "run": run} for i in (0, 1)]
    rows["GraphNode.PRECEDED_BY.GraphNode"].append({"start": f"{graph}/0", "end": f"{graph}/2", "run": run})
    for text, _, activation in nodes[:2]:
        row = {"start": MONTHS, "end": fold(text), "pole": 1, "importance": 1.0, "activation": activation}
        rows["Neuron.ACTIVATES_ON.Term"].append({**row, "tokens": [text], "run": run})
    context = {"start": MONTHS, "end": "early", "pole": 1, "importance": 0.4, "tokens": [" early"], "run": run}
    rows["Neuron.HAS_CONTEXT.Term"].append(context)


def _probes(rows: Rows) -> None:
    for name, category, word in (("is_month", "time", "month"), ("noun", "part_of_speech", "noun")):
        feature = {"id": f"texts/{name}", "name": name, "aliases": [word], "dataset": "texts", "category": category}
        rows["Feature"].append({**feature, "n": 100, "positives": 20, "base_rate": 0.2})
        rows["Feature.NAMED.Term"].append({"start": feature["id"], "end": word})
    rows["Feature.NAMED.Term"].append({"start": "texts/is_month", "end": "june"})
    told = (
        (MONTHS, "is_month", 0.9, "probes-1"),
        (MONTHS, "noun", 0.8, "probes-1"),
        (OTHER, "is_month", 0.85, "probes-1"),
        (TUNED_OTHER, "is_month", 0.7, "probes-2"),
    )
    for rank, (neuron, name, f1, run) in enumerate(told, 1):
        scores = {"f1": f1, "mcc": f1 - 0.1, "base_f1": 0.3, "null": 0.4, "precision": f1, "recall": f1, "coef": 1.0}
        row = {"start": neuron, "end": f"texts/{name}", "method": "logistic", "rank": 1 if rank != 3 else 2, **scores}
        rows["Neuron.DETECTS.Feature"].append({**row, "run": run})
    probe = {"id": "texts/is_month/optimal/1/L9/probes-1", "model": BASE, "layer": 9, "k": 1, "method": "optimal"}
    rows["Probe"].append({**probe, "f1": 0.9, "null": 0.4, "base_f1": 0.3, "run": "probes-1"})
    rows["Probe.FOR.Feature"].append({"start": probe["id"], "end": "texts/is_month", "run": "probes-1"})
    rows["Probe.USES.Neuron"].append({"start": probe["id"], "end": MONTHS, "coef": 1.0, "rank": 1, "run": "probes-1"})


def _explanations(rows: Rows) -> None:
    run = "explain-1"
    said = (
        ("e0", MONTHS, "text", "the months June and July", ("june", "july"), 0.7),
        ("e1", MONTHS, "token_table", "June, July", ("june", "july"), 0.8),
        ("e2", OTHER, "text", "dogs and other animals", ("dog",), None),
    )
    for name, neuron, kind, text, words, score in said:
        written = {"id": name, "kind": kind, "text": text, "explainer": "hand", "run": run}
        rows["Explanation"].append({**written, "embedding": [1.0, 0.0, 0.0], "embedder": "hand"})
        explained = {"start": neuron, "end": name, "pole": 1, "run": run}
        if score is not None:
            explained |= {"scorer": "correlation", "formula": "r", "value": score, "null": 0.1, "n": 50}
        rows["Neuron.EXPLAINED_BY.Explanation"].append(explained)
        rows["Explanation.MENTIONS.Term"] += [{"start": name, "end": word} for word in words]
        if score is not None:
            given = {"id": f"{name}/score", "scorer": "correlation", "formula": "r", "value": score, "null": 0.1}
            rows["Score"].append({**given, "pole": 1, "n": 50, "failed": 0, "split": "test", "run": run})
            rows["Explanation.SCORED.Score"].append({"start": name, "end": given["id"], "run": run})
            rows["Score.OF.Neuron"].append({"start": given["id"], "end": neuron, "run": run})
    rows["Latent"].append({"id": f"{BASE}/9-res/4", "source": f"{BASE}/9-res", "index": 4})
    rows["Latent.EXPLAINED_BY.Explanation"].append({"start": f"{BASE}/9-res/4", "end": "e0", "pole": 1, "run": run})
    human = {"id": "e2/human", "scorer": "human", "formula": "rating", "rater": "hand", "value": 0.5, "n": 1}
    rows["Score"].append({**human, "pole": 1, "run": run})
    rows["Explanation.SCORED.Score"].append({"start": "e2", "end": "e2/human", "run": run})
    rows["Score.OF.Neuron"].append({"start": "e2/human", "end": OTHER, "run": run})
    moved = {"id": "e0/tuned", "scorer": "correlation", "formula": "r", "value": 0.2, "null": 0.1, "n": 50, "run": run}
    rows["Score"].append({**moved, "pole": 1, "split": "test"})
    rows["Explanation.SCORED.Score"].append({"start": "e0", "end": "e0/tuned", "run": run})
    rows["Score.OF.Neuron"].append({"start": "e0/tuned", "end": TUNED_MONTHS, "run": run})


def _clamps(rows: Rows) -> None:
    run = "clamp-1"
    for neuron, projection, pole, effect, p in ((MONTHS, "down", 1, 4.0, 0.01), (OTHER, "up", -1, -5.0, 0.99)):
        name = f"{neuron}/clamp/hidden/{projection}{'+' if pole > 0 else '-'}/1/{run}"
        side = {"id": name, "projection": projection, "pole": pole, "site": "hidden", "value": 8.0, "multiple": 1.0}
        effects = {"effect": effect, "direct": effect / 2, "kl": 1.0, "p_tokens": p, "p_neurons": p, "size_ratio": 1.0}
        nulls = {"null_tokens": 0.0, "null_tokens_5": -0.5, "null_tokens_95": 0.5, "null_neurons": 0.0}
        rows["Intervention"].append({**side, **effects, **nulls, "null_neurons_95": 0.5, "run": run})
        rows["Intervention.ON.Neuron"].append({"start": name, "end": neuron, "run": run})


def _links(rows: Rows) -> None:
    rows["Model.FINE_TUNED_FROM.Model"].append({"start": TUNED, "end": BASE, "run": "link-1", "mean_cosine": 0.9})
    for base, tuned, cosine in ((MONTHS, TUNED_MONTHS, 0.5), (OTHER, TUNED_OTHER, 0.99)):
        cosines = {f"cos_{p}": cosine for p in ("gate", "up", "down")}
        deltas = {f"delta_{p}": 0.2 for p in ("gate", "up", "down")}
        jaccards = {f"jaccard_{p}_{s}": cosine for p in ("gate", "up", "down") for s in ("pos", "neg")}
        row = {"start": base, "end": tuned, "run": "link-1", "same_top_down_pos": True}
        drift = {"activation_r": cosine, "activation_r_pos": cosine, "null_r": 0.1, "activation_se": 0.01}
        rows["Neuron.COUNTERPART.Neuron"].append({**row, **cosines, **deltas, **jaccards, **drift})
    alike = {"null": 0.1, "rank": 1, "run": "match-1"}
    for measure, start, end, score in (
        ("weights", MONTHS, TUNED_MONTHS, 0.4),
        ("weights", TUNED_MONTHS, MONTHS, 0.4),
        ("tokens", OTHER, MONTHS, 0.3),
    ):
        row = {"start": start, "end": end, "measure": measure, "score": score, **alike}
        rows["Neuron.SIMILAR.Neuron"].append(row)
    drives = ((EARLY, MONTHS, "gate", -2.0, 1), (EARLY, MONTHS, "up", 1.0, 2), (MONTHS, LATE, "up", 3.0, 1))
    for start, end, through, weight, rank in drives:
        row = {"start": start, "end": end, "through": through, "weight": weight, "rank": rank, "rank_in": rank}
        rows["Neuron.FEEDS.Neuron"].append({**row, "null": 0.5, "null_in": 0.5, "run": "feeds-1"})


def _findings(rows: Rows) -> None:
    for name, text, neuron in (("f0", "fires on months", MONTHS), ("f1", "opens on June", OTHER)):
        noted = {"id": name, "text": text, "author": "hand", "created": "2026-01-01T00:00:00Z", "model": BASE}
        rows["Finding"].append(noted)
        rows["Finding.ABOUT.Neuron"].append({"start": name, "end": neuron})
    carried = {"start": "f0", "end": TUNED_MONTHS, "source": MONTHS, "verdict": "weakened", "run": "carry-1"}
    rows["Finding.CARRIED_TO.Neuron"].append({**carried, "reason": "cosine 0.5"})


def _agreement(rows: Rows) -> None:
    """June, of a neuron of the fine-tune; and dog on opposite sides of another."""
    counted = {"layers": {"9": [2, []]}, "first": [TUNED_MONTHS], "sides": 1}
    summary = json.dumps({"AGREES_ON": counted, "CONTRADICTS_ON": counted})
    run = {"id": "agree-1", "job": "agree", "model": TUNED, "parameters": "{}", "summary": summary}
    rows["Run"].append(run | {"started": "2026-01-20T00:00:00Z", "ended": "2026-01-20T00:00:01Z"})
    numbers = {"pole": 1, "rank": 1, "score": 5.0, "null": 0.1, "p": 0.01, "q": 0.02, "run": "agree-1"}
    for name, neuron, word in (("AGREES_ON", TUNED_MONTHS, "june"), ("CONTRADICTS_ON", TUNED_OTHER, "dog")):
        row = {"start": neuron, "end": word, "methods": ["lm-head", "probes"], **numbers}
        rows[f"Neuron.{name}.Term"].append(row)
