"""Why an answer is empty: a name that the store has not, or evidence that nobody made."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema import NotFoundError, QueryError
from ..result.near import near
from .evidence import MAKERS
from .query import Reader, query


def check_scope(reader: Reader, model: str | None = None, run: str | None = None, makers: Sequence[str] = ()) -> None:
    """Look into an empty answer about a model or a run.

    Raises QueryError for a model or run that is not in the store, with those of like names, and where none of `makers`
    (keys of MAKERS) was run on what was asked, with the commands that make such evidence.
    """
    check_models(reader, model)
    runs = query("runs").run(reader).dicts()
    if run is not None and run not in (names := [row["run"] for row in runs]):
        raise NotFoundError(f"no run {run!r} in the store{near(run, names)}")
    jobs = {job for maker in makers for job in MAKERS[maker].jobs}
    made = {row["job"] for row in runs if model is None or row["model"] == model}
    if jobs and not jobs & made:
        of = f" of {model!r}" if model is not None else ""
        ways = " or ".join(MAKERS[maker].command for maker in makers)
        raise QueryError(f"nothing found: {', '.join(makers)}{of} is not in the store; {ways} makes it")


def no_run(reader: Reader, job: str | None, model: str | None) -> str:
    """Why there is no run of a job, with those of like names. Raises QueryError for a model that is not there."""
    check_models(reader, model)
    jobs = sorted({row["job"] for row in query("runs").run(reader, model=model).dicts()})
    of = f" of {model!r}" if model else ""
    return f"no run{of} in the store" if job is None else f"no run of the job {job!r}{of} in the store{near(job, jobs)}"


def check_models(reader: Reader, *models: str | None) -> None:
    """Raise QueryError, with those of like names, for a model that is not in the store; None names none."""
    known = [row["model"] for row in query("models").run(reader).dicts()]
    for model in models:
        if model is not None and model not in known:
            raise NotFoundError(f"no model {model!r} in the store{near(model, known)}")
