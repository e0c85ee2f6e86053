"""What the corpora are called that runs read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ...schema.visible import plain
from ..result.corpora import corpora_line
from ..result.entity import Entity
from ..result.result import Result
from ..result.section import Section
from .query import Reader, query
from .scope import no_run

JOBS = ("activations", "n2g", "explanations")
"""Jobs that read a corpus; `match` and `link` may read a text."""
DIGITS = 8
"""Of a corpus's hash, where it has no name or not alone."""
LONGEST = 80
"""Characters of a name."""
_RUN = ("run", "runs")
"""What columns and keys are called that hold runs."""
SEEN = ("run", "job", "model", "corpus", "started", "ended")
"""Columns of a run that a table shows; parameters and summary are left to JSON."""


@dataclass(frozen=True, repr=False)
class Runs(Result):
    """A row a run: job, model, times, parameters, summary, and as `corpus` what the texts are called that it read."""

    def sections(self) -> tuple[Section, ...]:
        """The runs without their parameters."""
        return (Section.table("", SEEN, [[row[name] for name in SEEN] for row in self.dicts()]),)


def runs(reader: Reader, job: str | None = None, model: str | None = None) -> Runs:
    """The runs of a store, only of a job or only on a model, by when they started.

    Where there is none a warning says why. Raises QueryError for a model that is not in the store.
    """
    held, called = query("runs").run(reader, job=job, model=model), corpora(reader)
    warnings = () if held.rows else (no_run(reader, job, model),)
    return Runs((*held.columns, "corpus"), [(*row, called.get(row[0])) for row in held.rows], warnings=warnings)


def corpora(reader: Reader) -> dict[str, str]:
    """The name of the corpus that each run read, by run; runs that read none are left out.

    A corpus is called after its sources. Where several of one tokenizer are called the same, the first digits of the
    hash tell them apart; where no run over it says what it is called, such as of an older release, they stand alone.
    """
    read: dict[str, tuple[str, str]] = {}
    names: dict[str, str] = {}
    called: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for row in query("runs").run(reader).dicts():
        parameters = json.loads(row["parameters"] or "{}")
        which = next((each for each in ("corpus", "text") if parameters.get(each)), None)
        if which is not None:
            read[row["run"]] = str(parameters[which]), _kind(row, which, parameters)
            if name := json.loads(row["summary"] or "{}").get("corpus_name"):
                names[str(parameters[which])] = plain(str(name))[:LONGEST]
    for hash, kind in read.values():
        called[kind, names.get(hash)].add(hash)
    return {run: _name(hash, names.get(hash), called[kind, names.get(hash)]) for run, (hash, kind) in read.items()}


def _kind(row: dict[str, Any], which: str, parameters: dict[str, Any]) -> str:
    """Hashes of the same text differ between kinds: they are of its tokens, and a `text` also of how much was read."""
    read = (row["job"], row["model"], parameters.get("positions")) if which == "text" else ()
    return str((which, parameters.get("tokenizer"), *read))


def _name(hash: str, name: str | None, namesakes: Collection[str]) -> str:
    if name is None:
        return hash[:DIGITS]
    return name if len(namesakes) == 1 else f"{name} {hash[:DIGITS]}"


def with_corpora(reader: Reader, found: Result, jobs: Collection[str] = (), model: str | None = None) -> Result:
    """The result with the corpora of its rows' runs, where these are of several.

    Of rows that name no run, the runs of `jobs` on `model` are meant.
    """
    runs = set(_runs(found))
    if len(runs) < 2 and not (jobs and found.rows and not runs):
        return found
    if not runs:
        runs = {row["run"] for row in query("runs").run(reader, model=model).dicts() if row["job"] in jobs}
    known = corpora(reader)
    named = {run: known[run] for run in sorted(runs) if run in known}
    return replace(found, corpora=named) if len(set(named.values())) > 1 else found


def rests_on(reader: Reader, model: str, runs: Collection[str]) -> tuple[str, ...]:
    """A line on the corpora of the runs that a job took the newest of, where the model has runs over others too."""
    called = corpora(reader)
    held = {row["run"] for row in query("runs").run(reader, model=model).dicts() if row["job"] in JOBS}
    taken = {run: called[run] for run in runs if run in called}
    others = {called[run] for run in held if run in called} - set(taken.values())
    return (f"of several corpora the newest runs were taken; {corpora_line(taken)}",) if taken and others else ()


def corpora_heard(reader: Reader, model: str, runs: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    """By run, the corpora of those of `runs` that read one, and of the model's other runs; both empty where all of
    these are called the same."""
    called = corpora(reader)
    held = [row["run"] for row in query("runs").run(reader, model=model).dicts() if row["job"] in JOBS]
    read = {run: called[run] for run in held if run in called}
    if len(set(read.values())) < 2:
        return {}, {}
    return {r: name for r, name in read.items() if r in runs}, {r: name for r, name in read.items() if r not in runs}


def _runs(found: Result) -> Iterator[str]:
    for place, column in enumerate(found.columns):
        for row in found.rows:
            if column in _RUN or isinstance(row[place], dict | list | tuple | Entity):
                yield from _within(row[place], column)


def _within(value: Any, key: str) -> Iterator[str]:
    """The runs that a value names: under the key `run` or `runs`, at any depth."""
    if isinstance(value, str):
        if key in _RUN:
            yield value
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from _within(each, name)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _within(each, key)
    elif isinstance(value, Entity):
        yield from _within(value.properties, key)
        if "Run" in value.labels:
            yield from _within(value.properties.get("id"), "run")
