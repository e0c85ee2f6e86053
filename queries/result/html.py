"""Answers as HTML for a notebook. All text is escaped; nothing in it is a program or turns the page's text around."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ...schema.visible import plain as visible
from .entity import plain

if TYPE_CHECKING:
    from ..answers.neuron import NeuronCard
    from .result import Result

SHOWN = 50
"""Rows of a result that a notebook shows."""
CELL = 300
"""Characters of a cell that it shows."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """A table; long cells are cut, the whole text their tooltip."""
    head = "".join(f"<th>{_escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f'<caption style="text-align:left">{_escape(caption)}</caption>' if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def result(found: Result) -> str:
    """The first rows of a result, and how many there are."""
    total = len(found.rows)
    said = f"{total} row{'' if total == 1 else 's'}"
    if total > SHOWN:
        said += f", the first {SHOWN} shown"
    if found.truncated:
        said += f"; cut after {found.limit}"
    rows = [[plain(value) for value in row] for row in found.rows[:SHOWN]]
    return f"{table(found.columns, rows)}<p>{said}</p>"


def card(found: NeuronCard) -> str:
    """A neuron's card: where it is, its decoded tokens, what it fires on, tells and writes, and its counterparts."""
    parts = [f"<h4>{_escape(found.neuron)}</h4><p>{_escape(found.place)}</p>"]
    sides = [
        (
            f"{side.projection} {_sign(side.pole)}",
            side.tokens[0][1] if side.tokens else None,
            side.coherence,
            _words(side),
        )
        for side in found.sides
    ]
    fires = [
        (_sign(each.pole), each.max, each.nonzero, " · ".join(_visible(text) for text, *_ in each.tokens[:10]))
        for each in found.activity
    ]
    told = [(each.name, each.f1, each.base_f1, each.rotated, each.method) for each in found.detects]
    clamps = [
        (f"{curve.projection} {_sign(curve.pole)}", curve.site, dose.value, dose.effect, dose.p_tokens, dose.p_neurons)
        for curve in found.clamps
        for dose in curve.doses
        if dose.p_neurons is not None
    ]
    said = [
        (_sign(one.pole), one.text, score.value if score else None, score.null if score else None, one.explainer)
        for one in found.explanations
        if one.kind == "text"
        for score in (one.value() or next(iter(one.scores), None),)
    ]
    others = [
        (each.relation, each.neuron, each.measures.get("activation_r"), each.measures.get("null_r"), each.run)
        for each in found.counterparts
    ]
    for caption, columns, rows in (
        ("Decoded tokens", ("row", "top z", "coherence", "tokens"), sides),
        ("On a corpus", ("side", "largest", "above 0", "strongest tokens"), fires),
        ("Features it alone tells", ("feature", "F1", "always yes", "rotated", "method"), told),
        ("Clamps", ("row", "site", "value", "effect", "p tokens", "p neurons"), clamps),
        ("Explanations", ("side", "explanation", "score", "null", "by"), said),
        ("Counterparts", ("is its", "neuron", "r on a text", "null", "run"), others),
    ):
        if rows:
            parts.append(table(columns, rows, caption))
    if len(parts) == 1:
        parts.append("<p>Nothing is known of this neuron yet.</p>")
    return "".join(parts)


def _words(side: Any) -> str:
    return " · ".join(_visible(text) for text, *_ in side.tokens)


def _visible(text: str) -> str:
    return visible(text).strip() or repr(text)


def _escape(text: str) -> str:
    return escape(visible(text))


def _sign(pole: int) -> str:
    return "+" if pole > 0 else "-"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td style="text-align:right">{value:.4g}</td>'
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td style="text-align:right">{value}</td>'
    text = "" if value is None else visible(str(value))
    if len(text) <= CELL:
        return f'<td style="text-align:left">{escape(text)}</td>'
    return f'<td style="text-align:left" title="{escape(text)}">{escape(text[:CELL])}…</td>'
