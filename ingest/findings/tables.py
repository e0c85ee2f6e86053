"""Findings and what became of them as evidence tables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from ...schema import NeuronId, arrow_schema, conform, table
from .carried import Carried
from .measure import Kind, Measure

Tables = dict[str, pa.Table]


@dataclass(frozen=True)
class Noted:
    """One finding as it is written down."""

    id: str
    text: str
    author: str
    created: str
    """ISO 8601"""
    model: str
    about: tuple[str, ...]
    """ids of neurons of the model"""
    evidence: tuple[str, ...] = ()
    """ids of nodes and runs it rests on"""


def finding_tables(notes: Sequence[Noted]) -> Tables:
    """Neuron, Finding and ABOUT."""
    rows = [{name: value for name, value in asdict(note).items() if name != "about"} for note in notes]
    about = [{"start": note.id, "end": neuron} for note in notes for neuron in note.about]
    named = [NeuronId.parse(row["end"]) for row in about]
    return {
        "Neuron": neuron_table([(one.model, one.layer, one.index) for one in named]),
        "Finding": _rows("Finding", rows),
        "Finding.ABOUT.Neuron": _rows("Finding.ABOUT.Neuron", about),
    }


def neuron_table(neurons: Sequence[tuple[str, int, int]]) -> pa.Table:
    """The Neuron nodes of (model, layer, index)."""
    rows = [
        {"id": f"{model}/L{layer}/N{index}", "model": model, "layer": layer, "index": index}
        for model, layer, index in dict.fromkeys(neurons)
    ]
    return _rows("Neuron", rows)


def carried_table(carried: Sequence[Carried], base: str, tuned: str, run: str) -> pa.Table:
    """CARRIED_TO."""
    rows = [_carried(one, base, tuned) | {"run": run} for one in carried]
    return _rows("Finding.CARRIED_TO.Neuron", rows)


def _carried(one: Carried, base: str, tuned: str) -> dict[str, Any]:
    asked = one.asked
    rows = {f"cos_{m.name}": m.value for m in one.measures if m.kind == "rows"}
    overlaps = [m.value for m in one.measures if m.kind == "tokens"]
    return rows | {
        "start": asked.finding,
        "end": f"{tuned}/L{one.layer}/N{one.index}",
        "source": f"{base}/L{asked.layer}/N{asked.index}",
        "verdict": one.verdict,
        "reason": one.reason,
        "jaccard": sum(overlaps) / len(overlaps) if overlaps else None,
        "graph_f1": _first(one.measures, "graph"),
        "probe_f1": _first(one.measures, "probe"),
        "explanation_score": _first(one.measures, "explanation"),
        "clamp_effect": _first(one.measures, "clamp"),
        "measures": json.dumps([measure_row(measure) for measure in one.measures], sort_keys=True),
    }


def measure_row(measure: Measure) -> dict[str, Any]:
    """A measure with its outcome; what is not known is left out."""
    row = {**asdict(measure), "line": measure.line, "outcome": measure.outcome}
    return {name: value for name, value in row.items() if value is not None}


def _first(measures: Sequence[Measure], kind: Kind) -> float | None:
    return next((measure.value for measure in measures if measure.kind == kind), None)


def _rows(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    kind = table(name)
    return conform(kind, pa.Table.from_pylist(rows, arrow_schema(kind)))
