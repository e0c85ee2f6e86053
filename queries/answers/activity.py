"""What one neuron did on a corpus."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..catalogue.query import Reader, query

TOP = "top"
"""Band of the strongest windows; the others are named by their quantiles."""


@dataclass(frozen=True)
class Excerpt:
    """A token window. Values are pole x hidden value."""

    band: str
    """top, or the quantile band the window was drawn from, such as 0.9-0.99"""
    activation: float
    """strongest in the window"""
    activations: tuple[float, ...]
    """at each token; 0 at BOS"""
    signs: str | None
    """a letter a token: P or p where the gate is above 0, else N or n; a capital where up is above 0; _ at BOS"""
    tokens: tuple[str, ...]
    document: str
    offset: int


@dataclass(frozen=True)
class RoleActivity:
    """The turns of one role in a corpus's chats."""

    role: str
    """such as user; template: what the chat template adds; unknown: it could not be told"""
    n: int
    """tokens"""
    mean: float
    nonzero: float
    """share of tokens above zero"""
    max: float


@dataclass(frozen=True)
class Activity:
    """One pole of one neuron over one corpus. Numbers are of pole x hidden value."""

    run: str
    pole: int
    n: int
    """tokens read"""
    mean: float
    std: float
    skewness: float | None
    kurtosis: float | None
    min: float
    max: float
    nonzero: float
    """share of tokens above zero"""
    quantiles: dict[str, float]
    """threshold by quantile"""
    edges: tuple[float | None, ...]
    """of the histogram's bins; None where a bin has no end"""
    histogram: tuple[int, ...]
    tokens: tuple[tuple[str, float, float, int], ...]
    """(text, mean, largest, times seen), largest mean first"""
    excerpts: tuple[Excerpt, ...]
    """top ones first, each band's strongest first"""
    roles: tuple[RoleActivity, ...] = ()
    """empty where roles were not asked for"""
    corpus: str | None = None
    """what the corpus is called"""
    routed: int | None = None
    """of a neuron of an expert: the tokens that reached the expert, on which alone the numbers stand"""


def activities(reader: Reader, neuron: str, called: Mapping[str, str] | None = None) -> tuple[Activity, ...]:
    """By run, oldest and pole +1 first; empty where no corpus was run over the neuron's model.

    `called` are the names of the corpora by run, where they are wanted.
    """
    rows = query("neuron_activity").run(reader, neuron=neuron).dicts()
    if not rows:
        return ()
    tokens: dict[tuple[str, int], list[tuple[str, float, float, int]]] = defaultdict(list)
    for row in query("neuron_fires_on_tokens").run(reader, neuron=neuron).dicts():
        tokens[row["run"], row["pole"]].append((row["token"], row["mean"], row["max"], row["n"]))
    excerpts: dict[tuple[str, int], list[Excerpt]] = defaultdict(list)
    for row in query("neuron_excerpts").run(reader, neuron=neuron).dicts():
        excerpts[row["run"], row["pole"]].append(_excerpt(row))
    made = (_activity(row, tokens[row["run"], row["pole"]], excerpts[row["run"], row["pole"]]) for row in rows)
    return tuple(replace(one, corpus=(called or {}).get(one.run)) for one in made)


def _excerpt(row: dict[str, Any]) -> Excerpt:
    return Excerpt(
        row["band"],
        row["activation"],
        tuple(row["activations"] or ()),
        row["signs"],
        tuple(row["tokens"]),
        row["document"],
        row["offset"],
    )


def _activity(row: dict[str, Any], tokens: list[tuple[str, float, float, int]], excerpts: list[Excerpt]) -> Activity:
    summary = json.loads(row.pop("summary") or "{}")
    names = [f"{share:g}" for share in summary.get("quantiles", ())]
    row["quantiles"] = dict(zip(names, row["quantiles"] or (), strict=False))
    row["histogram"] = tuple(row["histogram"] or ())
    lists = [row.pop(name) or () for name in ("roles", "role_n", "role_mean", "role_nonzero", "role_max")]
    roles = tuple(RoleActivity(*each) for each in zip(*lists, strict=True))
    edges = tuple(summary.get("histogram_edges", ()))
    ranked = sorted(excerpts, key=lambda e: (e.band != TOP, e.band, -e.activation))
    return Activity(**row, edges=edges, tokens=tuple(tokens), excerpts=tuple(ranked), roles=roles)
