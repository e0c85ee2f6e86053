"""Evidence of equal weights under another name: worked out once, kept under both names.

A run on a model whose weights, tokenizer and all that a job is asked are those of a finished run under another name has
the same results: its shards are copied from that run's bundle, with the ids of the new name.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...ingest.bundle import UNVERIFIED, Bundle, BundleWriter, RunInfo
from ...schema import MATRICES, NODES, RELATIONSHIPS, NeuronKBError, bundle_table
from ...schema.compute import pc

JOBS = ("lm-head", "activations", "probes", "n2g")
"""Those whose ids follow from the names of model and run."""
OF_NEURONS = ("Neuron", "Expert", "Stats", "Graph", "GraphNode")
"""Labels whose ids begin with a neuron's or an expert's."""
SAME = "same_as"
"""In a run's scope: the run that its shards were copied from."""


def take_over(run: RunInfo, folder: Path, bundles: Path) -> RunInfo:
    """Begin the bundle of `run` in `folder` with all shards of an equal run under another name, where there is one.

    The run then says so in its scope. A bundle that is begun already goes on as it is.
    """
    twin = None if folder.exists() or run.weights == UNVERIFIED or run.job not in JOBS else _twin(run, bundles)
    if twin is None:
        return run
    told = replace(run, scope={**run.scope, SAME: f"{twin.run.id} ({twin.run.model})"})
    with BundleWriter.open(folder, told) as writer:
        for name, shard in twin.shards.items():
            writer.write(name, {e.table: renamed(e.table, twin.read(e), twin.run, run) for e in shard.files})
    return told


def renamed(name: str, rows: pa.Table, old: RunInfo, new: RunInfo) -> pa.Table:
    """Rows of a table of one run as those of another on a model of another name. The numbers stay."""
    labels = _labels(name)
    for place, column in enumerate(rows.column_names):
        values = rows.column(column)
        if column in labels:
            values = _ids(labels[column], values, old, new)
        elif column in ("run", "model"):
            values = _exact(values, getattr(old, "id" if column == "run" else column), new, column)
        rows = rows.set_column(place, rows.schema.field(place), values)
    return rows


def _twin(run: RunInfo, bundles: Path) -> Bundle | None:
    for path in sorted(bundles.glob(f"{run.job}-*")):
        try:
            found = Bundle.open(path)
        except NeuronKBError:
            continue  # a damaged bundle is not copied; `neuronkb bundles check` says what is wrong with it
        if found.run.ended and found.run.model != run.model and _asked(found.run) == _asked(run):
            return found if not found.check() else None
    return None


def _asked(run: RunInfo) -> Any:
    """All of a run but its names and what became of it, as JSON has it."""
    scope = {name: value for name, value in run.scope.items() if name != SAME}
    return json.loads(json.dumps([run.job, run.weights, run.tokenizer, run.dataset, run.parameters, scope]))


def _labels(name: str) -> dict[str, str]:
    """What the ids in a table's columns are of."""
    if name in MATRICES:
        return {}
    if name in NODES:
        return {"id": name}
    rel = RELATIONSHIPS[bundle_table(name).name]
    return {"start": rel.start, "end": rel.end}


def _ids(label: str, ids: pa.ChunkedArray, old: RunInfo, new: RunInfo) -> pa.ChunkedArray:
    if label == "Model":
        return _exact(ids, old.model, new, "model")
    if label in OF_NEURONS:
        own = pc.starts_with(ids, f"{old.model}/L")
        ids = pc.if_else(own, pc.utf8_replace_slice(ids, 0, len(old.model), new.model), ids)
    if any(p.name == "run" for p in NODES[label].properties):
        ids = pc.replace_substring(ids, old.id, new.id)
    return ids


def _exact(values: pa.ChunkedArray, old: str, new: RunInfo, field: str) -> pa.ChunkedArray:
    other = new.id if field == "run" else new.model
    return pc.if_else(pc.equal(values, old), other, values)
