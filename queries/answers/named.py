"""What each method names on a layer's neurons, as arrays, and which methods are independent of which."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np

from ...schema import NotFoundError, QueryError
from ..catalogue.query import Reader, query
from ..result.near import near
from ..statistics.overlap import Words

METHODS = ("lm-head", "tokens", "n2g", "probes", "explanations")
ONE_RUN = {"lm-head": "lm-head", "activations": "tokens", "n2g": "n2g", "import-n2g": "n2g", "clamp": "clamp"}
"""Jobs of which the newest run is listened to, and their method; of others all runs are."""
AGREE = "agree"
"""The job that stores what is worked out here."""


@dataclass(frozen=True)
class Heard:
    """A run that is listened to."""

    job: str
    roots: frozenset[str]
    """the run, all that it was derived from, and the corpora they read"""


@dataclass(frozen=True)
class Source:
    """One witness: a method, and what its runs rest on."""

    method: str
    runs: frozenset[str]
    roots: frozenset[str]
    """its runs, all they were derived from, and the corpora they read"""

    def independent(self, other: Source) -> bool:
        """Whether neither was derived from the other and both read different texts."""
        return self.method != other.method and not self.roots & other.roots


@dataclass(frozen=True)
class Layer:
    """What the sources say of one layer."""

    layer: int
    neurons: int
    words: tuple[str, ...]
    """by number"""
    said: dict[Source, Words]


def find_model(reader: Reader, model: str) -> dict[str, Any]:
    """The model's row. Raises QueryError with near names."""
    rows = {row["model"]: row for row in query("models").run(reader).dicts()}
    if model not in rows:
        raise NotFoundError(f"no model {model!r} in the store{near(model, rows)}")
    return rows[model]


def find_dense(reader: Reader, model: str) -> dict[str, Any]:
    """The row of a model of one MLP a layer. Raises QueryError for a mixture of experts."""
    row = find_model(reader, model)
    if row["experts"] is not None:
        raise QueryError(f"{model!r} is a mixture of experts; agreement of methods is worked out for dense models only")
    return row


def find_runs(reader: Reader, model: str, runs: Sequence[str] = ()) -> dict[str, Heard]:
    """The runs to listen to: of decodings, corpus passes, N2G and clamps the newest, of others all; or those named.

    Raises QueryError for a run that is not there.
    """
    roots: dict[str, set[str]] = {}
    newest: dict[str, str] = {}
    jobs: dict[str, str] = {}
    for row in query("run_sources").run(reader, model=model).dicts():
        if row["job"] == AGREE:
            continue  # made of what the others say
        name = row["run"]
        found = roots.setdefault(name, {name})
        found |= _corpora(row["parameters"])
        if row["source"] is not None:
            found |= {row["source"], *_corpora(row["source_parameters"])}
        jobs[name] = row["job"]
        if row["job"] in ONE_RUN:
            newest[ONE_RUN[row["job"]]] = name
    unknown = [name for name in runs if name not in roots]
    if unknown:
        raise NotFoundError(f"no run {unknown[0]!r} on {model!r} in the store{near(unknown[0], roots)}")
    chosen = runs or [name for name, job in jobs.items() if newest.get(ONE_RUN.get(job, ""), name) == name]
    return {name: Heard(jobs[name], frozenset(roots[name])) for name in chosen}


def _corpora(parameters: str | None) -> set[str]:
    found = json.loads(parameters or "{}").get("corpus")
    return {f"corpus {found}"} if found else set()


def read_layer(
    reader: Reader,
    model: str,
    layer: int,
    neurons: int,
    runs: Mapping[str, Heard],
    *,
    gated: bool,
    share: float,
) -> Layer:
    """One layer's statements. Rows of a gate count for both sides of the hidden value, its - pole for none; without a
    gate a row's - pole counts for none."""
    rows = query("named_words").run(reader, model=model, layer=layer, runs=list(runs), share=share, timeout=None)
    numbers: dict[str, int] = {}
    said: dict[Source, set[tuple[int, int, int]]] = defaultdict(set)
    for index, method, part, pole, run, words in rows.rows:
        source = Source(method, frozenset({run}), runs[run].roots)
        for side in _sides(method, part, pole, gated):
            said[source] |= {(index, side, numbers.setdefault(word, len(numbers))) for word in words}
    merged = {source: _words(found) for source, found in _merged(said).items() if found}
    return Layer(layer, neurons, tuple(numbers), merged)


def _sides(method: str, part: str, pole: int, gated: bool) -> tuple[int, ...]:
    """The sides of the hidden value that a statement is about: 0 is +, 1 is -."""
    if method == "lm-head" and (part == "gate" or not gated):
        return () if pole < 0 else (0, 1) if gated else (0,)
    return (0, 1) if pole == 0 else (0,) if pole > 0 else (1,)


def _merged(said: Mapping[Source, set[tuple[int, int, int]]]) -> dict[Source, set[tuple[int, int, int]]]:
    """Runs of one method become one source where they depend on the same other methods."""
    groups: dict[tuple[str, frozenset[str]], list[Source]] = defaultdict(list)
    for source in said:
        on = frozenset(other.method for other in said if other.method != source.method and source.roots & other.roots)
        groups[source.method, on].append(source)
    found = {}
    for (method, _), members in groups.items():
        runs = frozenset[str]().union(*(each.runs for each in members))
        roots = frozenset[str]().union(*(each.roots for each in members))
        found[Source(method, runs, roots)] = set[tuple[int, int, int]]().union(*(said[each] for each in members))
    return found


def _words(found: Iterable[tuple[int, int, int]]) -> Words:
    columns = np.array(sorted(found), np.int64).reshape(-1, 3)
    return Words(columns[:, 0], columns[:, 1], columns[:, 2])


def pairs(sources: Iterable[Source]) -> list[tuple[Source, Source]]:
    """Pairs of independent sources, methods in their usual order."""
    order = sorted(sources, key=lambda s: (METHODS.index(s.method), sorted(s.runs)))
    return [(a, b) for a, b in combinations(order, 2) if a.independent(b)]


def witnesses(sources: Sequence[Source]) -> list[int]:
    """For every subset of the sources, as bits: how many of them are independent of each other at most."""
    free = [sum(1 << j for j, b in enumerate(sources) if a.independent(b)) for a in sources]

    @cache
    def most(left: int) -> int:
        if not left:
            return 0
        first = left.bit_length() - 1
        rest = left & ~(1 << first)
        return max(most(rest), 1 + most(rest & free[first]))

    return [most(subset) for subset in range(1 << len(sources))]
