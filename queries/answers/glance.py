"""What methods found in each layer of a model, by a question a method that aggregates in the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...schema import PROJECTIONS
from ..catalogue.query import Reader, query

Numbers = dict[str, Any]
"""Fields of LayerGlance."""
Rows = Sequence[Mapping[str, Any]]


def glance(reader: Reader, model: str, runs: Sequence[str]) -> dict[int, Numbers]:
    """By layer, what LayerGlance holds beside neurons and lines. `runs` are the model's, the oldest first."""

    def asked(name: str) -> dict[int, list[Mapping[str, Any]]]:
        return _newest(query(name).run(reader, model=model, timeout=None).dicts(), runs)

    numbers: dict[int, Numbers] = defaultdict(dict)
    parts = (
        (asked("decoded_layers"), _decoded),
        (asked("graph_means"), _graphs),
        (asked("best_detectors"), _probes),
        (asked("headline_layers"), _explained),
        (asked("activity_layers"), _activity),
    )
    for by_layer, fields in parts:
        for layer, rows in by_layer.items():
            numbers[layer] |= fields(rows)
    return dict(numbers)


def _newest(rows: Iterable[Mapping[str, Any]], runs: Sequence[str]) -> dict[int, list[Mapping[str, Any]]]:
    """The rows of each layer by the newest run that has any."""
    age = {run: number for number, run in enumerate(runs)}
    layers: dict[int, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        layers[row["layer"]][row["run"]].append(row)
    return {layer: by_run[max(by_run, key=lambda run: (age.get(run, -1), run))] for layer, by_run in layers.items()}


def _decoded(rows: Rows) -> Numbers:
    known = {row["projection"]: row for row in rows if row["projection"] in PROJECTIONS}
    return {f"{kind}_{name}": row[kind] for name, row in known.items() for kind in ("kurtosis", "coherence")}


def _graphs(rows: Rows) -> Numbers:
    (row,) = rows
    return {"graphs": row["graphs"], "graph_f1": row["f1"], "lookup_f1": row["lookup"], "random_f1": row["random"]}


def _probes(rows: Rows) -> Numbers:
    (row,) = rows
    return {
        "probe_f1": row["f1"],
        "probe_feature": row["feature"],
        "probe_neuron": row["neuron"],
        "probe_base_f1": row["base_f1"],
        "probe_null": row["rotated"],
    }


def _explained(rows: Rows) -> Numbers:
    """By the formula that most sentences have a score of."""
    row = max(rows, key=lambda row: (row["sides"], row["scorer"], row["formula"]))
    return {
        "explained": row["sides"],
        "explanation_score": row["score"],
        "explanation_null": row["null_score"],
        "explanation_formula": f"{row['scorer']} {row['formula']}",
    }


def _activity(rows: Rows) -> Numbers:
    (row,) = rows
    return {name: row[name] for name in ("dead", "dense", "sparse")}
