"""What was counted of a model, kept beside the store until its evidence is other than it was then.

A summary is a small file, named after the model and what was counted. It carries the hash of the evidence that it was
counted from, and a hash of itself: a file that is damaged, of another release or of another state of the store is made
anew. Where the folder cannot be written, a session keeps its summaries in memory.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ...ingest.bundle.layout import read_json
from ...ingest.bundle.writer import now
from ...schema import BundleError, digest
from ..names import keep_beside
from ..session import Session
from ..stores.base import Store

FORM = 1
"""Raised when the same evidence would be counted otherwise."""
_RUNS = """
MATCH (r:Run) RETURN r.id AS run, r.model AS model, r.started AS started, r.ended AS ended,
       r.unlined IS NOT NULL AS unlined, r.parameters AS parameters ORDER BY run
"""
_FILES = "MATCH (s:Shard) RETURN s.run AS run, s.state AS state, count(*) AS files, sum(s.rows) AS rows"
_MODELS = "MATCH (m:Model) RETURN m.id AS model, m.lined AS lined ORDER BY model"

T = TypeVar("T")
Content = dict[str, Any]


@dataclass(frozen=True)
class State:
    """The evidence of a store as it is now."""

    runs: tuple[dict[str, Any], ...]
    """every run with its model, started and ended"""
    keys: Mapping[str, str]
    """by model, the hash of all that its counts rest on but findings"""


def state(store: Store) -> State:
    """What is in the store, by a few reads that look at no neuron."""
    runs = store.read(_RUNS, timeout=None, limit=None).dicts()
    files: dict[str, list[list[Any]]] = defaultdict(list)
    for run, *counts in store.read(_FILES, timeout=None, limit=None).rows:
        files[run].append(counts)
    models = store.read(_MODELS, timeout=None, limit=None).dicts()
    keys = {}
    for model in models:
        about = [run for run in runs if _about(run, model["model"])]
        held = [[*run.values(), sorted(files[run["run"]], key=str)] for run in about]
        keys[model["model"]] = digest({"form": FORM, "model": list(model.values()), "runs": held})
    return State(tuple(runs), keys)


def _about(run: Mapping[str, Any], model: str) -> bool:
    """Whether a run may say something of a model: it is the run's, or its parameters name it, such as a link's base."""
    return run["model"] == model or json.dumps(model) in (run["parameters"] or "")


def kept(
    session: Session,
    kind: str,
    models: Iterable[str],
    present: State,
    count: Callable[[str], Content],
    read: Callable[[str, str, Content], T],
) -> dict[str, T]:
    """What was counted of each model: as it is kept where nothing changed since, else counted anew and kept.

    `read` makes it of the model, the time and what `count` gave; what it cannot read (KeyError, TypeError, ValueError)
    is counted anew.
    """
    answers = {}
    wanted = list(models)
    for number, model in enumerate(wanted):
        shelf = Shelf(session, kind, model, present.keys[model])
        held = shelf.held(read)
        if held is None:
            session.progress(f"counting evidence of {model}", number, len(wanted))
            content, made = count(model), now()
            # What came in meanwhile may be in it or not: such counts are shown, and counted again next time.
            if state(session.store).keys.get(model) == shelf.key:
                shelf.put(made, content)
            held = read(model, made, content)
        answers[model] = held
    return answers


@dataclass(frozen=True)
class Shelf:
    """Where one summary of one model is kept."""

    session: Session
    kind: str
    model: str
    key: str

    @property
    def _name(self) -> str:
        return f"{self.kind}-{hashlib.sha256(self.model.encode()).hexdigest()[:16]}"

    @property
    def _file(self) -> Path:
        return self.session.place.summaries / f"{self._name}.json"

    def held(self, read: Callable[[str, str, Content], T]) -> T | None:
        """What is kept of the evidence as it is now; None where there is nothing, or nothing to be trusted."""
        for summary in self._summaries():
            try:
                if summary["key"] == self.key and summary["hash"] == _hash(summary):
                    return read(self.model, str(summary["made"]), summary["content"])
            except (AttributeError, KeyError, TypeError, ValueError):
                continue
        return None

    def _summaries(self) -> Iterator[Content]:
        """In memory, then in the file."""
        if self._name in self.session.counted:
            yield self.session.counted[self._name]
        with suppress(BundleError):
            yield read_json(self._file)

    def put(self, made: str, content: Content) -> None:
        """Keep it: in a file, or in memory where the folder cannot be written."""
        fresh: Content = {"key": self.key, "made": made, "content": content}
        fresh["hash"] = _hash(fresh)
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
        if keep_beside(self._file, fresh):
            self.session.counted.pop(self._name, None)
        else:
            self.session.counted[self._name] = fresh


def _hash(held: Mapping[str, Any]) -> str:
    return digest({name: held[name] for name in ("key", "made", "content")})
