"""Where the files of a model are: as they are named, or as the run of a stored model remembers."""

from __future__ import annotations

import json
from pathlib import Path

from ..queries import query
from ..queries.result.near import typo
from ..schema import ModelError
from .stores.base import Store


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
    if source is not None and Path(source).is_absolute() and not Path(source).is_dir():
        raise ModelError(
            f"{model!r} was ingested from {source!r}, and that folder is gone; give the folder or hub id that has its "
            f"files now, with --name {model} where the command has it"
        )
    return source or model, name or model


def _check_typo(model: str, known: list[str]) -> None:
    """Raise ModelError with the stored names that are like one that is found nowhere."""
    from ..ingest.subject.source import locate

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
