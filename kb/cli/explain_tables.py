"""The tables of explanations: a neuron's, and a model's by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...queries.answers.explanations import HEADLINE, PROTOCOLS, pooled
from ..pictures import ScoreLine
from .output import pole, table

if TYPE_CHECKING:
    from rich.table import Table

    from ...queries import ExplanationReport, ExplanationView, LayerScore


def shown(found: Sequence[ExplanationView]) -> list[Table]:
    """Every explanation with its scores."""
    parts = []
    for one in found:
        rank = "" if one.rank in (None, 1) else f", candidate {one.rank}"
        by = one.explainer or "an unnamed explainer"
        made = (f" from {one.method}" if one.method else "") + (f" on {one.corpus}" if one.corpus else "")
        title = (
            f"{one.unit} {pole(one.pole)} {one.kind}{rank} by {by}{made}, {one.length} bytes, id {one.id[:12]}: "
            f"{one.text.strip()}"
        )
        rows = [
            (s.scorer, s.formula, s.split, s.value, s.null, s.n, s.failed, s.rater or s.simulator) for s in one.scores
        ]
        parts.append(table(("scorer", "formula", "windows", "score", "null", "n", "failed", "by"), rows, title))
    return parts


def report(found: ExplanationReport) -> list[Table]:
    """The headline by layer, then over all layers, then every other formula, then what went wrong."""
    rows = _headline(found)
    parts = [_layers(found, rows)] if rows else []
    parts.append(summary(found))
    rest = [row for row in pooled(found.rows) if (row.scorer, row.formula) != HEADLINE and _shown(row)]
    if rest:
        parts.append(_others(rest))
    return [*parts, *_failures(found)]


def summary(found: ExplanationReport) -> Table:
    """The headline over all layers, by kind."""
    return _all(pooled(_headline(found)))


def lines(found: ExplanationReport) -> dict[str, list[ScoreLine]]:
    """Score against layer, a line a kind, under each protocol."""
    made: dict[str, list[ScoreLine]] = {}
    name = _names(found.rows)
    for protocol in PROTOCOLS:
        by_name: dict[str, list[LayerScore]] = {}
        for row in found.only(*HEADLINE, protocol):
            by_name.setdefault(name(row), []).append(row)
        made[protocol] = [_line(name, rows) for name, rows in by_name.items()]
    return made


def _headline(found: ExplanationReport) -> list[LayerScore]:
    return [row for protocol in PROTOCOLS for row in found.only(*HEADLINE, protocol)]


def _line(name: str, rows: Sequence[LayerScore]) -> ScoreLine:
    kept = [(row.layer, row.mean, row.null) for row in rows if row.mean is not None]
    return ScoreLine(name, tuple(k[0] for k in kept), tuple(k[1] for k in kept), tuple(k[2] for k in kept))


def _layers(found: ExplanationReport, rows: Sequence[LayerScore]) -> Table:
    """One row a layer and kind: both protocols side by side."""
    random = {(r.run, r.layer, r.kind, r.explainer): r for r in rows if r.split == PROTOCOLS[1]}
    body, name = [], _names(rows)
    for row in (r for r in rows if r.split == PROTOCOLS[0]):
        other = random.get((row.run, row.layer, row.kind, row.explainer))
        pair = (None, None) if other is None else (other.mean, other.null)
        numbers = map(_number, (row.mean, row.null, *pair))
        body.append((row.layer, name(row), row.sides, *numbers, _bytes(row.length), _failed(row)))
    title = (
        f"{found.model}: mean correlation of predicted and true activations by layer, on the strongest and random "
        "windows and on random ones alone; null: the same of another neuron's explanation"
    )
    columns = ("layer", "explanation", "sides", "top", "null", "random", "null", "bytes", "failed")
    return table(columns, body, title)


def _all(rows: Sequence[LayerScore]) -> Table:
    name = _names(rows)
    body = [
        (name(r), r.split, r.scored, _number(r.mean), _number(r.null), _number(r.best), _bytes(r.length), _failed(r))
        for r in sorted(rows, key=lambda r: (r.split or "", -(r.mean if r.mean is not None else -2.0)))
        if r.split in PROTOCOLS
    ]
    columns = ("explanation", "windows", "scored", "mean", "null", "best", "bytes", "failed")
    return table(columns, body, "All layers")


def _others(rows: Sequence[LayerScore]) -> Table:
    name = _names(rows)
    body = [
        (_scored_by(r), r.split, name(r), r.scored, _number(r.mean), _number(r.null), _failed(r))
        for r in sorted(rows, key=lambda r: (r.scorer, r.formula, r.split or "", r.kind))
    ]
    columns = ("score", "windows", "explanation", "scored", "mean", "null", "failed")
    return table(columns, body, "Other scores, all layers")


def _failures(found: ExplanationReport) -> list[Table]:
    rows: list[tuple[Any, ...]] = []
    for run, said in found.runs.items():
        if "sides" in said:
            rows.append((run, "sides asked for", said["sides"]))
            rows.append((run, "sides that never fire, or not on held-out windows", said.get("dead")))
            rows.append((run, "sides without any explanation", said.get("unexplained")))
            rows += [(run, f"failed, {reason}", n) for reason, n in (said.get("failures") or {}).items()]
    return [table(("run", "what", "count"), rows, "What came of the questions")] if rows else []


def _shown(row: LayerScore) -> bool:
    """Predictors have one further formula in the table, sentences all; --json has everything."""
    return row.kind == "text" or (row.formula, row.split) == ("r2-uncentred/linear", PROTOCOLS[0])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}" if abs(value) < 10 else f"{value:,.0f}"


def _scored_by(row: LayerScore) -> str:
    return f"{row.scorer}: {row.formula}" + (f" by {row.rater}" if row.rater else "")


def _names(rows: Sequence[LayerScore]) -> Callable[[LayerScore], str]:
    """Of a sentence who wrote it; a predictor's own name says what it is; and the corpus, where rows are of several."""
    several = len({row.corpus for row in rows} - {None}) > 1

    def name(row: LayerScore) -> str:
        found = f"text by {row.explainer or '?'}" if row.kind == "text" else str(row.explainer or row.kind)
        return f"{found} on {row.corpus}" if several and row.corpus else found

    return name


def _bytes(length: float | None) -> int | None:
    return None if length is None else round(length)


def _failed(row: LayerScore) -> str:
    """The share of what was asked; the counts are in --json."""
    return f"{row.failed / row.n:.0%}" if row.failed and row.n else "0"
