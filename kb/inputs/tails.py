"""Whether short texts and the ends of texts are read, where nobody says: the one place that decides.

They are, unless runs over just these texts are there that were made without them. Then a job goes on with what is
there, so that it is the same run, or one that stands beside others over the same windows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from ...ingest.bundle.layout import read_run
from ...schema import CorpusError, NeuronKBError
from ..place import Place
from ..stores.base import Store

TextKind = Literal["corpus", "text"]
"""The parameter of a run that has the hash of its texts: windows of one model's tokens, or passages for two models."""
JOBS: Mapping[TextKind, tuple[str, ...]] = {"corpus": ("activations", "n2g"), "text": ("match", "link")}
LEFT_OUT = "short texts and the ends of texts are left out, as in what was made of them before; --tails reads them"
"""Told where a job goes on without."""
_RUNS = """
MATCH (r:Run) WHERE r.job IN $jobs
OPTIONAL MATCH (m:Model {id: r.model})
RETURN m.tokenizer, r.parameters, r.summary
"""


def whether_tails(
    store: Store,
    place: Place,
    kind: TextKind,
    tokenizers: Collection[str],
    length: int | None,
    hash_of: Callable[[bool], str],
) -> bool:
    """False where store or bundles hold a run over the same texts without tails, and none with.

    `tokenizers` are those of the models, `length` that of windows. `hash_of` is asked for the texts' hash with and
    without, as seldom as can be: it may have to read them all.
    """
    without: set[str] = set()
    others: set[str] = set()
    for name, parameters, summary in _runs(store, place, JOBS[kind]):
        if name in (None, *tokenizers) and summary.get("window_tokens", length) == length and parameters.get(kind):
            tails = summary.get("tails", None if kind == "text" or not summary else False)
            without |= {str(parameters[kind])} if tails is not True else set()
            others |= {str(parameters[kind])} if tails is not False else set()
    if not without:
        return True
    with suppress(CorpusError):  # such as a corpus of short texts alone, which is empty without
        if hash_of(False) in without:
            return bool(others) and hash_of(True) in others
    return True


def left_out(tails: bool, asked: bool | None) -> tuple[str, ...]:
    """The line that says so, where tails are left out and nobody asked for that."""
    return () if tails or asked is False else (LEFT_OUT,)


def _runs(
    store: Store, place: Place, jobs: tuple[str, ...]
) -> Iterator[tuple[str | None, dict[str, Any], dict[str, Any]]]:
    """Tokenizer, parameters and summary of the runs of store and bundles; both empty until a run has some evidence."""
    for tokenizer, parameters, summary in store.read(_RUNS, {"jobs": list(jobs)}, timeout=None, limit=None):
        yield tokenizer, json.loads(parameters or "{}"), json.loads(summary or "{}")
    for job in jobs:
        for folder in sorted(place.bundles.glob(f"{job}-*")):
            yield from _bundled(folder)


def _bundled(folder: Path) -> Iterator[tuple[str | None, dict[str, Any], dict[str, Any]]]:
    with suppress(NeuronKBError):  # a damaged bundle is nobody's
        run = read_run(folder)
        yield run.tokenizer, dict(run.parameters), dict(run.summary)
