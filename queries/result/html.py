"""Answers as HTML for a notebook. All text is escaped; nothing in it is a program or turns the page's text around."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ...schema.visible import plain as visible
from .corpora import corpora_line
from .entity import plain
from .section import EXCERPT_HEADS, Excerpts, Section

if TYPE_CHECKING:
    from .result import Result

SHOWN = 50
"""Rows of a result that a notebook shows."""
CELL = 300
"""Characters of a cell that it shows."""
EXCERPTS = 5
"""Excerpts of a section that it shows."""


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    """A table; long cells are cut, the whole text their tooltip."""
    head = "".join(f"<th>{escaped(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f'<caption style="text-align:left">{escaped(caption)}</caption>' if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def result(found: Result) -> str:
    """The first rows of a result, and how many there are."""
    total = len(found.rows)
    said = f"{total} row{'' if total == 1 else 's'}"
    if total > SHOWN:
        said += f", the first {SHOWN} shown"
    if found.truncated:
        said += f"; cut after {found.limit}"
    if found.corpora:
        said += f"; {escaped(corpora_line(found.corpora))}"
    rows = [[plain(value) for value in row] for row in found.rows[:SHOWN]]
    return f"{table(found.columns, rows)}<p>{said}</p>"


def record(title: str, lead: str, sections: Iterable[Section]) -> str:
    """A heading, a line, and the sections' tables; of excerpts the first, and neither histograms nor curves."""
    parts = [f"<h4>{escaped(title)}</h4><p>{escaped(lead)}</p>"]
    for each in sections:
        if each.rows:
            parts.append(table(each.columns, each.rows, each.caption))
        if isinstance(each.picture, Excerpts):
            parts.append(table(EXCERPT_HEADS, each.picture.lines(EXCERPTS), each.caption))
    return "".join(parts)


def escaped(text: str) -> str:
    """Text for a page, its controls as visible marks."""
    return escape(visible(text))


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f'<td style="text-align:right">{value:.4g}</td>'
    if isinstance(value, int) and not isinstance(value, bool):
        return f'<td style="text-align:right">{value}</td>'
    text = "" if value is None else visible(str(value))
    if len(text) <= CELL:
        return f'<td style="text-align:left">{escape(text)}</td>'
    return f'<td style="text-align:left" title="{escape(text)}">{escape(text[:CELL])}…</td>'
