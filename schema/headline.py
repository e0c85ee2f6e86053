"""The headline of an explanation: which of its scores stands on EXPLAINED_BY, so that a neuron and its explanation are
one row.

The first by scorer, then by formula, then by the windows it was made on, in the orders below; what they do not name
comes last, by its name. It is of the same run, on the explained neuron and pole: never of another neuron, to which a
Score node belongs alone. What people gave stays apart, and a score that candidates were chosen by is none. A score that
is not defined keeps its place, with a null value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SCORERS = ("correlation", "detection", "fuzzing", "embedding", "ablation")
FORMULAS = ("ev-correlation", "balanced-accuracy", "auroc", "f1")
SPLITS = ("top-and-random", "all", "activating-and-not", "active-and-silent", None, "random-only")
CHOOSING = "choosing"
"""Windows that an explanation was chosen on among candidates."""
HUMAN = "human"

PROPERTIES = ("scorer", "formula", "value", "null", "n")
"""What EXPLAINED_BY has of the score."""


def headline(scores: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """PROPERTIES of the headline among an explanation's scores on one pole of its own neuron, rows of Score nodes; all
    null where it has none."""
    shown = [row for row in scores if row["scorer"] != HUMAN and row["split"] != CHOOSING]
    best = min(shown, key=_place, default={})
    return {name: best.get(name) for name in PROPERTIES}


def order(row: Mapping[str, Any]) -> tuple[tuple[int, str], ...]:
    """By scorer, then by formula: what scores of different formulas, which do not compare, are sorted by."""
    return _in_order(SCORERS, row["scorer"]), _in_order(FORMULAS, row["formula"])


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*order(row), _in_order(SPLITS, row["split"]), row.get("simulator") or "", row["id"])


def _in_order(order: tuple[str | None, ...], value: str | None) -> tuple[int, str]:
    return (order.index(value), "") if value in order else (len(order), value or "")
