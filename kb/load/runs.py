"""Which runs may stand side by side, and taking one away."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ...ingest.bundle import UNVERIFIED, RunInfo
from ...ingest.progress import Progress
from ...queries import query
from ...queries.answers.named import find_runs
from ...queries.result.near import near
from ...schema import NODES, RELATIONSHIPS, TABLES, NotFoundError, Relationship, RunError, WeightsError
from ..place import WAITING
from ..stores import statements
from ..stores.base import Store
from .keepsakes import KEEPSAKES, kept
from .lines import refresh_lines, resting_on
from .said import QUIET, evidence, is_of

Clash = Literal["refuse", "replace", "alongside"]
"""What to do with another run of the same job on the same model."""
Settled = Clash | tuple[str, ...]
"""The same, or the runs to replace where that was settled before, for several runs at once."""

_REPLACES = "MATCH (r:Run {id: $run}) RETURN r.replaces"
_REPLACED = "MATCH (r:Run {id: $run}) REMOVE r.replaces"
_ROWS = "MATCH (s:Shard {run: $run}) RETURN s.id, coalesce(s.rows, 0)"
_GOING = "MATCH (r:Run {id: $run}) SET r.ended = NULL"

_BETWEEN = tuple(
    rel for rel in RELATIONSHIPS.values() if rel.evidence and not (NODES[rel.start].evidence or NODES[rel.end].evidence)
)
"""A run's relationships that do not go with its nodes."""
_OWNED = sorted((node for node in NODES.values() if node.evidence), key=lambda node: node.label == "Shard")
"""A run's nodes, its ledger last."""
_PRESENT = statements.tables_of_run([*_BETWEEN, *_OWNED])

LONGEST = 20
"""Letters of a parameter in a message."""
BATCH = 2_000
"""Neurons whose relationships are deleted in one transaction."""


def settle(store: Store, run: RunInfo, clash: Settled = "refuse") -> tuple[str, ...]:
    """The runs that a run takes the place of, or a refusal. Nothing is taken away yet: see `retire`.

    Raises WeightsError when the store knows the model with other weights, RunError when another run of the job on
    the model is there and `clash` does not say what to do with it.
    """
    check_weights(store, run)
    if clash == "alongside":
        return ()
    if isinstance(clash, tuple):
        return clash
    pending = replaced_by(store, run.id)
    others = [row for row in rivals(store, run) if row["run"] not in pending]
    if others and clash == "refuse":
        raise RunError(
            f"{others[0]['run']!r} of the job {run.job} on {run.model!r} is in the store and differs from {run.id!r} "
            f"({_difference(others[0], run)}); --replace takes its {rows_of(store, others[0]['run']):,} rows away, "
            "--alongside keeps both"
        )
    return tuple(dict.fromkeys([*pending, *(row["run"] for row in others)]))


def settle_all(store: Store, found: Sequence[RunInfo], clash: Settled) -> None:
    """Refuse runs that have no place in the store, or not all of them, before the first is written."""
    for place, run in enumerate(found):
        settle(store, run, clash)
        for other in found[:place] if clash in ("refuse", "replace") else ():
            if other.id != run.id and same_subject(run, other):
                raise RunError(
                    f"{other.id!r} and {run.id!r} are both runs of the job {run.job} on {run.model!r}; "
                    "load one of them, or both with --alongside"
                )


def replaced_by(store: Store, run: str) -> tuple[str, ...]:
    """The runs that go when `run` is complete: a job that was to replace them is on its way, or was cut off."""
    rows = store.read(_REPLACES, {"run": run}, timeout=None).rows
    return tuple(rows[0][0] or ()) if rows else ()


def retire(store: Store, run: str) -> dict[str, dict[str, int]]:
    """Take away the runs that `run`, now complete, takes the place of; of each, what `remove` says stayed.

    Cut off, it goes on later.
    """
    stayed: dict[str, dict[str, int]] = {other: {} for other in replaced_by(store, run)}
    for other in stayed:
        if store.existing_ids(NODES["Run"], [other]).to_pylist():
            stayed[other] = remove(store, other)
    if stayed:
        store.write(_REPLACED, {"run": run})
    return stayed


def rows_of(store: Store, run: str) -> int:
    """Rows of evidence that the run's shards brought, as the ledger counts them."""
    rows = store.read(_ROWS, {"run": run}, timeout=None, limit=None).rows
    named = ((name[len(run) + 1 :].partition("/")[0], count) for name, count in rows)
    return sum(count for name, count in named if name in TABLES and TABLES[name].evidence)


def check_weights(store: Store, run: RunInfo) -> None:
    """Raise WeightsError when the store holds other weights under the run's model name."""
    held = {row["model"]: row["weights"] for row in query("models").run(store).dicts()}.get(run.model)
    if held is None or UNVERIFIED in (held, run.weights) or held == run.weights:
        return
    raise WeightsError(
        f"{run.model!r} is in the store with weights {held[:12]}..., this run was made on {run.weights[:12]}...; "
        "give the model another name with --name"
    )


def rivals(store: Store, run: RunInfo) -> list[dict[str, Any]]:
    """Other runs of the same job on the same model (for links and matches: of the same two models, by the same
    measure; for imports: of a file of the same name)."""
    rows = query("runs").run(store, job=run.job, model=run.model).dicts()
    return [row for row in rows if row["run"] != run.id and _rival(run, row["job"], row["model"], _parameters(row))]


def _rival(run: RunInfo, job: str, model: str | None, parameters: dict[str, Any]) -> bool:
    return (job, model, _subject(job, parameters)) == (run.job, run.model, _subject(run.job, run.parameters))


def beside(store: Store, run: RunInfo) -> tuple[str, ...]:
    """Finished runs of the same job on the same model over another text, which stay where they are."""
    rows = query("runs").run(store, job=run.job, model=run.model).dicts()
    ended = [row for row in rows if row["run"] != run.id and row["ended"] is not None]
    return tuple(row["run"] for row in ended if _another_text(run.parameters, _parameters(row)))


def _another_text(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return any(one.get(name) and other.get(name) and one[name] != other[name] for name in ("corpus", "text"))


def same_subject(one: RunInfo, other: RunInfo) -> bool:
    """Whether two runs are of the same job on the same model, and what else makes them rivals."""
    return _rival(one, other.job, other.model, other.parameters)


def forget_agreement(store: Store, model: str | None, going: str | None = None) -> None:
    """Take away agreement that was made of other evidence of the model than there is now, or of a run that goes."""
    made = query("agreed_runs").run(store, model=model).dicts() if model is not None else []
    if made:
        heard = find_runs(store, str(model))
        present = evidence(store, heard)
        for row in made:
            if going in heard or not is_of(row["parameters"], present):
                remove(store, row["run"])


def remove(store: Store, run: str) -> dict[str, int]:
    """Take away all evidence of a run, then the run; nodes by label that stayed, as they carry what a person put in.

    A removal that was cut off is finished by another; the run is unfinished meanwhile.
    """
    stayed: dict[str, int] = {}
    about = next(iter(query("run").run(store, run=run).dicts()), {"model": None, "job": None})
    named = about["model"] if about["job"] not in QUIET else None
    forget_agreement(store, named, going=run)
    lined = resting_on(store, run, about["job"])
    if run != KEEPSAKES:
        store.write(_GOING, {"run": run})
    present = {row[0] for row in store.read(_PRESENT, {"run": run}, timeout=None, limit=None)}
    _delete_between(store, run, [rel for rel in _BETWEEN if rel.name in present])
    for node in (node for node in _OWNED if node.name in present):
        ids = [row[0] for row in store.read(statements.ids_of_run(node), {"run": run}, timeout=None, limit=None)]
        if keep := set() if node.label == "Shard" else set(kept(store, node, ids, run)):
            stayed[node.label] = len(keep)
            ids = [name for name in ids if name not in keep]
        for start in range(0, len(ids), BATCH):
            store.write(statements.delete_nodes(node), {"ids": ids[start : start + BATCH]})
    refresh_lines(store, lined)
    if not (stayed and run == KEEPSAKES):
        store.write(statements.delete_nodes(NODES["Run"]), {"ids": [run]})
        forget_agreement(store, named)
    return stayed


def _delete_between(store: Store, run: str, kinds: Sequence[Relationship]) -> None:
    """Delete the run's relationships of some types, those of neurons a batch of neurons at a time."""
    neurons = _neurons(store, run) if any(rel.start == "Neuron" for rel in kinds) else []
    for rel in kinds:
        if rel.start != "Neuron":
            store.write(statements.delete_relationships(rel, among=False), {"run": run})
            continue
        for start in range(0, len(neurons), BATCH):
            ids = neurons[start : start + BATCH]
            store.write(statements.delete_relationships(rel, among=True), {"run": run, "ids": ids})


def remove_run(store: Store, run: str, progress: Progress) -> dict[str, int]:
    """The work of `kb.runs.remove`, under the loading lock."""
    known = [str(row["run"]) for row in query("runs").run(store).dicts()]
    if run not in known:
        raise NotFoundError(f"no run {run!r} in the store{near(run, known)}")
    with store.loading(lambda who: progress(f"{WAITING}{who} to finish loading", 0, 1)):
        return remove(store, run)


def _neurons(store: Store, run: str) -> list[str]:
    """Ids of the neurons that may carry the run's evidence: those that the store holds of its model, of its base, and
    of the model it was matched with."""
    row = query("run").run(store, run=run).dicts()[0]
    named = (row["model"], _parameters(row).get("base"), _parameters(row).get("other"))
    models = dict.fromkeys(name for name in named if isinstance(name, str))
    asked = (query("neurons_of_model").run(store, model=model, timeout=None) for model in models)
    return [found[0] for rows in asked for found in rows]


def _parameters(row: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(row["parameters"] or "{}"))


def _subject(job: str, parameters: dict[str, Any]) -> Any:
    """What a job is about, besides its model: a run on another corpus is evidence of its own, no rival."""
    names = ("base", "table", "other", "measure", "corpus", *(("text",) if job == "match" else ()))
    return tuple(parameters.get(name) for name in names)


def _difference(row: dict[str, Any], run: RunInfo) -> str:
    held = _parameters(row)
    names = [name for name in sorted({*held, *run.parameters}) if held.get(name) != run.parameters.get(name)]
    shown = (_both(name, held.get(name), run.parameters.get(name)) for name in names)
    return "; ".join(shown) or "same parameters, other inputs"


def _both(name: str, there: Any, here: Any) -> str:
    """Two values that differ, long ones from a little before the place where they do."""
    one, two = json.dumps(there), json.dumps(here)
    same = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    start = max(same - 4, 0) if same > LONGEST - 6 else 0
    return f"{name} {_short(one, start)} there, {_short(two, start)} here"


def _short(text: str, start: int) -> str:
    left = ("..." if start else "") + text[start:]
    return left if len(left) <= LONGEST else f"{left[: LONGEST - 3]}..."
