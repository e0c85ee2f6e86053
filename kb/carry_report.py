"""What became of findings, as Markdown."""

from __future__ import annotations

from typing import Any

from ..queries.findings import Carry
from .findings import CarryReport


def markdown(report: CarryReport) -> str:
    """A table of all findings, then each with the numbers behind its verdict."""
    counts = ", ".join(f"{n} {name}" for name, n in report.counts.items() if n) or "nothing to judge"
    parts = [f"# Findings of {report.base} in {report.tuned}\n", f"Run `{report.run}`: {counts}."]
    if report.supersedes:
        parts.append(f"It stands in the place of `{report.supersedes}`.")
    if report.note:
        parts.append(f"Whole matrices could not be read, so nothing can be found to have moved: {report.note}.")
    parts += ["\n| finding | neuron | verdict | now | cos gate / up / down | tokens |", "|---|---|---|---|---|---|"]
    parts += [_row(one) for one in report.carries]
    for one in report.carries:
        parts += [f"\n## {_plain(one.text)}\n", f"`{one.source}` -> `{one.neuron}`: **{one.verdict}**\n"]
        parts += ["| measure | value | interval | of the base | null | outcome |", "|---|---|---|---|---|---|"]
        parts += [_measure(measure) for measure in one.measures]
        parts.append(f"\n{_plain(one.reason)}")
    return "\n".join(parts) + "\n"


def _row(one: Carry) -> str:
    cosines = " / ".join("-" if c is None else f"{c:.3f}" for c in (one.cos_gate, one.cos_up, one.cos_down))
    overlap = "-" if one.jaccard is None else f"{one.jaccard:.2f}"
    return f"| {_plain(one.text)} | `{one.source}` | {one.verdict} | `{one.neuron}` | {cosines} | {overlap} |"


def _measure(measure: dict[str, Any]) -> str:
    ends = "exact" if "low" not in measure else f"{measure['low']:.3g} to {measure['high']:.3g}"
    value, base, null = (f"{measure[name]:.3g}" for name in ("value", "base", "null"))
    name = _plain(f"{measure['kind']} {measure['name']}")
    return f"| {name} | {value} | {ends} | {base} | {null} | {measure['outcome']} |"


def _plain(text: str) -> str:
    """On one line, and no cell's end or markup of its own."""
    flat = " ".join(text.split())
    return "".join(f"\\{c}" if c in "|`*_<>[]\\#" else c for c in flat)
