"""Tables of the page: decoded tokens, and any table of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from ...schema.visible import plain
from .excerpt import token_html
from .records import TableView

if TYPE_CHECKING:
    from ...queries import DecodedSide


def sides_table(sides: Sequence[DecodedSide]) -> str:
    """A row a projection and pole: its confidence, then its tokens, each with its numbers as tooltip."""
    runs = {side.run for side in sides}
    rows = []
    for side in sides:
        name = f"{side.projection} {'+' if side.pole > 0 else '-'}"
        if len(runs) > 1:
            name += f" ({side.convention}, {side.run})"
        numbers = (*(side.tokens[0][1:] if side.tokens else (None, None)), side.kurtosis, side.coherence)
        tokens = " ".join(_token(*token) for token in side.tokens)
        cells = "".join(map(_cell, numbers))
        rows.append(
            f'<tr><th scope="row">{escape(plain(name))}</th>{cells}<td class="tokens" dir="auto">{tokens}</td></tr>'
        )
    caption = "The tokens that each row of weights stands nearest to, strongest first"
    if len(runs) == 1:
        caption += f"; {sides[0].convention} rows, run {sides[0].run}"
    heads = [("row", False), *((name, True) for name in ("top z", "probability", "kurtosis", "coherence"))]
    return _table(caption, [*heads, ("tokens", False)], rows)


def plain_table(view: TableView) -> str:
    """A caption, a head, and cells; a column of numbers stands to the right."""
    numbers = [bool(view.rows) and all(_is_number(row[i]) for row in view.rows) for i in range(len(view.columns))]
    rows = [f"<tr>{''.join(map(_cell, row))}</tr>" for row in view.rows]
    return _table(view.caption, list(zip(view.columns, numbers, strict=True)), rows)


def number(value: object) -> str:
    """A cell as text: floats to four significant digits, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return plain(str(value))


def _table(caption: str, heads: Sequence[tuple[str, bool]], rows: Sequence[str]) -> str:
    marked = ((escape(plain(name)), ' class="n"' if is_number else "") for name, is_number in heads)
    head = "".join(f'<th scope="col"{mark}>{name}</th>' for name, mark in marked)
    body = "\n".join(rows)
    return (
        f'<div class="scroll"><table><caption>{escape(plain(caption))}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _token(text: str, z: float, probability: float) -> str:
    return f'<span class="token" title="z {z:.1f}, probability {probability:.3g}">{token_html(text)}</span>'


def _cell(value: object) -> str:
    mark = ' class="n"' if _is_number(value) else ""
    return f"<td{mark}>{escape(number(value))}</td>"


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
