"""A model's probes as a whole: the best neurons, and those that tell one feature only or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalogue.query import Reader, query
from ..result.record import Record, rows_of
from ..result.section import Section
from .probes import LayerBest, check_model


@dataclass(frozen=True)
class Told:
    """A feature that a neuron tells."""

    name: str
    category: str
    f1: float
    base_f1: float
    """F1 of always guessing yes; 0 where not known"""

    @property
    def share(self) -> float:
        """How far it gets from always guessing yes (0) to never being wrong (1)."""
        return (self.f1 - self.base_f1) / (1 - self.base_f1) if self.base_f1 < 1 else 0.0


@dataclass(frozen=True)
class Candidate:
    """A neuron and the features it tells, largest share first."""

    neuron: str
    layer: int
    told: tuple[Told, ...]

    @property
    def elsewhere(self) -> float | None:
        """The largest share of any but the best feature; None where the graph has no other."""
        return max((each.share for each in self.told[1:]), default=None)


@dataclass(frozen=True, repr=False)
class ProbeReport(Record):
    """What probes found in a model."""

    model: str
    best: tuple[LayerBest, ...]
    """for each feature and layer the best neuron, by category, feature and layer"""
    monosemantic: tuple[Candidate, ...]
    """F1 of `high` or more on one feature, and a share below `low` on every other"""
    polysemantic: tuple[Candidate, ...]
    """a share of `low` or more on features of two categories or more"""
    high: float
    low: float
    shown: int = 20
    """features of the table; all are in `best`"""

    @property
    def title(self) -> str:
        """The model."""
        return f"probes of {self.model}"

    @property
    def lead(self) -> str:
        """That nothing is known, where it is so."""
        return "" if self.best else "No neuron was probed."

    def sections(self) -> tuple[Section, ...]:
        """The best neuron of each feature, and the candidates."""
        from .probe_sections import report

        return tuple(report(self))

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """For each feature and layer the best neuron, in full."""
        return rows_of(LayerBest, self.best)

    @property
    def best_of_features(self) -> tuple[LayerBest, ...]:
        """For each feature the best neuron of all layers, best first."""
        first: dict[str, LayerBest] = {}
        for each in sorted(self.best, key=_score, reverse=True):
            first.setdefault(each.feature, each)
        return tuple(first.values())


def probe_report(
    reader: Reader,
    model: str,
    *,
    run: str | None = None,
    high: float = 0.9,
    low: float = 0.5,
    top: int = 20,
    timeout: float | None = 120.0,
) -> ProbeReport:
    """The report on a model; `top` candidates of either kind, and features shown.

    F1 alone would call a neuron good at whatever is common, so neurons are compared by the share of the way that they
    get from always guessing yes to 1. A pair below the floor of its run is not in the graph and counts as not told.
    Raises QueryError for an unknown model.
    """
    check_model(reader, model)
    rows = query("model_best_by_layer").run(reader, model=model, run=run, timeout=timeout).dicts()
    scope: dict[str, Any] = {"model": model, "run": run, "share": low, "top": top, "timeout": timeout}
    single = query("selective_neurons").run(reader, high=high, **scope).dicts()
    several = query("broad_neurons").run(reader, **scope).dicts()
    told = _told(reader, [row["neuron"] for row in (*single, *several)], run)
    best = tuple(LayerBest(**row, model=model) for row in rows)
    one, many = (tuple(told[row["neuron"]] for row in found) for found in (single, several))
    return ProbeReport(model, best, one, many, high, low, top)


def _told(reader: Reader, neurons: Sequence[str], run: str | None) -> dict[str, Candidate]:
    """The candidates by neuron, with all that each tells."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in query("told_features").run(reader, neurons=sorted(set(neurons)), run=run).dicts():
        rows.setdefault(row["neuron"], []).append(row)
    return {neuron: _candidate(neuron, found) for neuron, found in rows.items()}


def _candidate(neuron: str, rows: Sequence[Mapping[str, Any]]) -> Candidate:
    told = [Told(row["name"], row["category"], row["f1"], row["base_f1"]) for row in rows]
    return Candidate(neuron, rows[0]["layer"], tuple(sorted(told, key=lambda one: (-one.share, one.name))))


def _score(found: LayerBest) -> tuple[float, float]:
    return (-1.0 if found.f1 is None else found.f1, -1.0 if found.mcc is None else found.mcc)
