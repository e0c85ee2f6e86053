"""What became of findings, as Markdown."""

from __future__ import annotations

from typing import Any

from ...queries.answers.findings import Carry
from ...schema.visible import plain
from ..nouns.findings import CarryReport


def markdown(report: CarryReport) -> str:
    """A table of all findings, then each with the numbers behind its verdict."""
    counts = ", ".join(f"{n} {name}" for name, n in report.counts.items() if n) or "nothing to judge"
    parts = [f"# Findings of {_plain(report.base)} in {_plain(report.tuned)}\n", f"Run {_code(report.run)}: {counts}."]
    if report.supersedes:
        parts.append(f"It stands in the place of {_code(report.supersedes)}.")
    if report.note:
        parts.append(f"Whole matrices could not be read, so nothing can be found to have moved: {_plain(report.note)}.")
    parts += ["\n| finding | neuron | verdict | now | cos gate / up / down | tokens |", "|---|---|---|---|---|---|"]
    parts += [_row(one) for one in report.carries]
    for one in report.carries:
        ends = f"{_code(one.source)} -> {_code(one.neuron)}"
        parts += [f"\n## {_plain(one.text)}\n", f"{ends}: **{_plain(one.verdict)}**\n"]
        parts += ["| measure | value | interval | of the base | null | outcome |", "|---|---|---|---|---|---|"]
        parts += [_measure(measure) for measure in one.measures]
        parts.append(f"\n{_plain(one.reason)}")
    return "\n".join(parts) + "\n"


def _row(one: Carry) -> str:
    cosines = " / ".join("-" if c is None else f"{c:.3f}" for c in (one.cos_gate, one.cos_up, one.cos_down))
    overlap = "-" if one.jaccard is None else f"{one.jaccard:.2f}"
    cells = (_plain(one.text), _code(one.source), _plain(one.verdict), _code(one.neuron), cosines, overlap)
    return f"| {' | '.join(cells)} |"


def _measure(measure: dict[str, Any]) -> str:
    ends = "exact" if "low" not in measure else f"{measure['low']:.3g} to {measure['high']:.3g}"
    value, base, null = (f"{measure[name]:.3g}" for name in ("value", "base", "null"))
    name = _plain(f"{measure['kind']} {measure['name']}")
    return f"| {name} | {value} | {ends} | {base} | {null} | {_plain(measure['outcome'])} |"


def _plain(text: str) -> str:
    """On one line, with nothing hidden in it, and no cell's end or markup of its own."""
    flat = plain(" ".join(text.split()))
    return "".join(f"\\{c}" if c in "|`*_<>[]\\#&~!" else c for c in flat)


def _code(text: str) -> str:
    """A name as code, where it cannot end the code itself."""
    flat = plain(" ".join(text.split()))
    return _plain(text) if "`" in flat or "|" in flat else f"`{flat}`"
