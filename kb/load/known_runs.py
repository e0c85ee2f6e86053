"""The id that a run has already: an older release named the same work otherwise.

A run is the same as another where job, model, weights and parameters are equal. Evidence that is there under an older
id stays under it, in store and bundle, and what is added later goes there too.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...ingest.bundle import RunInfo
from ...ingest.bundle.layout import read_run
from ...ingest.job import Job
from ...schema import NeuronKBError
from ..place import Place
from ..stores.base import Store
from .twins import take_over

_RUNS = """
MATCH (r:Run {job: $job}) WHERE r.model = $model AND r.weights = $weights
RETURN r.id AS run, r.parameters AS parameters ORDER BY r.started, run
"""


def known_as(store: Store, place: Place, run: RunInfo, out: Path | None = None) -> RunInfo:
    """The run under the id that the store, or else a bundle beside it or in `out`, has the same work under; its own if
    none has."""
    found = _in_store(store, run) or (_beside(place, run) if out is None else _in_bundle(out, run))
    return run if found is None else replace(run, id=found)


def bundle_for(job: Job, store: Store, place: Place, out: Path | None = None) -> Path:
    """The folder of a job's bundle, `out` where given; the job goes on under the id that its run is known by, and with
    the shards of an equal run under another name of the model."""
    # Where a cached property keeps what was worked out: every job reads its run from there on.
    run = known_as(store, place, job.run, out)
    folder = out or place.bundle(run.id)
    vars(job)["run"] = take_over(run, folder, place.bundle(run.id).parent)
    return folder


def _in_store(store: Store, run: RunInfo) -> str | None:
    asked = _parameters(run.parameters)
    rows = store.read(_RUNS, {"job": run.job, "model": run.model, "weights": run.weights}, timeout=None, limit=None)
    same = [str(name) for name, parameters in rows if json.loads(parameters or "{}") == asked]
    return run.id if run.id in same else next(iter(same), None)


def _beside(place: Place, run: RunInfo) -> str | None:
    folder = place.bundle(run.id)
    if folder.exists():
        return None
    named = (_in_bundle(path, run) for path in sorted(folder.parent.glob(f"{run.job}-*")))
    return next((name for name in named if name is not None), None)


def _in_bundle(folder: Path, run: RunInfo) -> str | None:
    try:
        held = read_run(folder)
    except NeuronKBError:
        return None  # a damaged bundle is nobody's; `neuronkb bundles check` says what is wrong with it
    return held.id if _identity(held) == _identity(run) else None


def _identity(run: RunInfo) -> list[Any]:
    return [run.job, run.model, run.weights, run.tokenizer, run.dataset, _parameters(run.parameters)]


def _parameters(held: dict[str, Any]) -> Any:
    """As JSON has them: a tuple is a list there."""
    return json.loads(json.dumps(held))
