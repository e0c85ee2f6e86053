"""Where the files of a model are: as they are named, or as the run of a stored model remembers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...queries import query
from ...queries.result.near import typo
from ...schema import ModelError, WeightsError
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.subject.subject import Subject


def located(store: Store, model: str | Path, name: str | None = None) -> tuple[str | Path, str | None]:
    """A folder or hub id, and what the graph calls the model; of a model of the store given by its name, the place it
    was ingested from and that name.

    A folder of that name comes first. Raises ModelError where the folder that the store remembers is gone.
    """
    if isinstance(model, Path) or Path(model).expanduser().exists():
        return model, name
    known = [row["model"] for row in query("models").run(store).dicts()]
    if model not in known:
        _check_typo(model, known)
        return model, name
    source = source_of(store, model)
    # A base and its adapter stand in one source.
    gone = [part for part in (source or "").split("::") if Path(part).is_absolute() and not Path(part).is_dir()]
    if gone:
        raise ModelError(
            f"{model!r} was ingested from {gone[0]!r}, and that folder is gone; give the folder or hub id that has its "
            f"files now, with --name {model} where the command has it"
        )
    return source or model, name or model


def _check_typo(model: str, known: list[str]) -> None:
    """Raise ModelError with the stored names that are like one that is found nowhere."""
    from ...ingest.subject.source import locate

    if not (hint := typo(model, known)):
        return
    try:
        locate(model)
    except ModelError as error:
        raise ModelError(f"{error}; the store has no model {model!r}{hint}") from None


def source_of(store: Store, model: str) -> str | None:
    """The folder or hub id that a model of the store was ingested from, by its newest run that says so."""
    for run in reversed(query("runs").run(store, job=None, model=model).dicts()):
        if source := json.loads(run["summary"] or "{}").get("source"):
            return str(source)
    for run in reversed(query("runs").run(store, job="match", model=None).dicts()):
        summary = json.loads(run["summary"] or "{}")
        if summary.get("other") == model and summary.get("other_source"):
            return str(summary["other_source"])
    return None


def find_subject(store: Store, model: str | Path, *, experts: bool = False) -> Subject:
    """The files of a model given as a folder, a hub id or the name of a model in the store, named as the store does.
    `experts` says that the caller knows what to do with a mixture.

    Raises WeightsError when the store knows the model of that name with other weights, ModelError when it is nowhere.
    """
    from ...ingest.subject.subject import Subject

    known = {row["model"]: row for row in query("models").run(store).dicts()}
    if str(model) in known and not Path(model).expanduser().is_dir():
        subject = Subject.open(*located(store, str(model)), experts=experts)
    else:
        subject = Subject.open(located(store, model)[0], experts=experts)
        built = subject.architecture
        width = built.d_mlp if built.mixture is None else None
        shape = (built.n_layers, built.d_model, width, built.d_vocab)
        # Hashing reads every weight: only where a model in the store could be this one.
        alike = [name for name, row in known.items() if _shape(row) == shape and row["weights"] == subject.weights]
        if alike and subject.name not in known:
            return Subject(alike[0], subject.source, subject.checkpoint, built)
    row = known.get(subject.name)
    if row is not None and row["weights"] not in (None, "unverified", subject.weights):
        raise WeightsError(
            f"the weights at {subject.source!r} ({subject.weights[:12]}...) are not those that the store knows as "
            f"{subject.name!r} ({row['weights'][:12]}...); give the folder or hub id of the model that was decoded"
        )
    return subject


def _shape(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["layers"], row["d_model"], row["d_mlp"], row["vocabulary"]
