"""A finding in a fine-tune: its verdict and where it went."""

from __future__ import annotations

from dataclasses import dataclass

from .measure import STRUCTURE, Measure
from .verdict import Match, Verdict, behaviour, structure


@dataclass(frozen=True)
class Asked:
    """A finding about one neuron of the base."""

    finding: str
    """its id"""
    layer: int
    index: int
    covered: bool = True
    """whether the link has this neuron"""


@dataclass(frozen=True)
class Carried:
    """What became of it."""

    asked: Asked
    verdict: Verdict
    layer: int
    """of the neuron it points to"""
    index: int
    measures: tuple[Measure, ...]
    """of that neuron"""
    reason: str
    match: Match | None = None


def reason(verdict: Verdict, asked: Asked, measures: tuple[Measure, ...], match: Match | None, before: str = "") -> str:
    """The numbers behind a verdict, in a line; `before` are those at the same index where it moved."""
    if not asked.covered:
        return "the link does not have this neuron"
    if verdict == "moved" and match is not None:
        where = "its layer" if match.layer is None else "the model, as a match stored it,"
        here = f"nearest of {where} by rows: cosine {match.score:.3g}, null {match.null:.3g}"
        return f"{here}; at the same index: {before}; there: {line(measures)}"
    said = f"does: {behaviour(measures)}; made of: {structure(measures)}"
    near = f"; nearest other: N{match.index} at {match.score:.3g}, null {match.null:.3g}" if match else ""
    if match is not None and match.was_there and (match.layer is not None or match.index != asked.index):
        near += f", which is what it was before ({match.own:.3g})"
    return f"{said}; {line(measures)}{near}"


def line(measures: tuple[Measure, ...]) -> str:
    ordered = sorted(measures, key=lambda m: m.kind in STRUCTURE)
    return "; ".join(map(str, ordered)) or "no measure"
