"""What became of findings, as Markdown."""

from __future__ import annotations

from typing import Any

from ...queries.answers.findings import Carry
from ...queries.result.markdown import code, inline
from ..nouns.findings import CarryReport


def markdown(report: CarryReport) -> str:
    """A table of all findings, then each with the numbers behind its verdict."""
    counts = ", ".join(f"{n} {name}" for name, n in report.counts.items() if n) or "nothing to judge"
    parts = [f"# Findings of {inline(report.base)} in {inline(report.tuned)}\n", f"Run {code(report.run)}: {counts}."]
    if report.supersedes:
        parts.append(f"It stands in the place of {code(report.supersedes)}.")
    if report.note:
        parts.append(f"Whole matrices could not be read, so nothing can be found to have moved: {inline(report.note)}.")
    parts += ["\n| finding | neuron | verdict | now | cos gate / up / down | tokens |", "|---|---|---|---|---|---|"]
    parts += [_row(one) for one in report.carries]
    for one in report.carries:
        ends = f"{code(one.source)} -> {code(one.neuron)}"
        parts += [f"\n## {inline(one.text)}\n", f"{ends}: **{inline(one.verdict)}**\n"]
        parts += ["| measure | value | interval | of the base | null | outcome |", "|---|---|---|---|---|---|"]
        parts += [_measure(measure) for measure in one.measures]
        parts.append(f"\n{inline(one.reason)}")
    return "\n".join(parts) + "\n"


def _row(one: Carry) -> str:
    cosines = " / ".join("-" if c is None else f"{c:.3f}" for c in (one.cos_gate, one.cos_up, one.cos_down))
    overlap = "-" if one.jaccard is None else f"{one.jaccard:.2f}"
    cells = (inline(one.text), code(one.source), inline(one.verdict), code(one.neuron), cosines, overlap)
    return f"| {' | '.join(cells)} |"


def _measure(measure: dict[str, Any]) -> str:
    ends = "exact" if "low" not in measure else f"{measure['low']:.3g} to {measure['high']:.3g}"
    value, base, null = (f"{measure[name]:.3g}" for name in ("value", "base", "null"))
    name = inline(f"{measure['kind']} {measure['name']}")
    return f"| {name} | {value} | {ends} | {base} | {null} | {inline(measure['outcome'])} |"
