"""A record as Markdown: plain enough to read as it stands, and to paste anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ...schema.visible import plain
from .section import EXCERPT_HEADS, Excerpts, Section

EXCERPTS = 5
"""Excerpts of a section that are shown."""


def document(title: str, lead: str, sections: Iterable[Section]) -> str:
    """A heading, a line, and each section under its own heading. Histograms and curves are left to pages."""
    parts = [f"# {plain(title)}", plain(lead)]
    for each in sections:
        tables = []
        if each.rows:
            tables.append(table(each.columns, each.rows))
        if isinstance(each.picture, Excerpts):
            tables.append(table(EXCERPT_HEADS, list(each.picture.lines(EXCERPTS))))
        if tables:
            parts += [f"## {plain(each.caption)}", *tables]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns of equal width, so that the text is a table before it is drawn as one."""
    body = [[_cell(value) for value in row] for row in rows]
    heads = [_cell(name) for name in columns]
    widths = [max(3, *(len(row[i]) for row in [heads, *body])) for i in range(len(heads))]
    # The last column is as long as its longest text: blanks behind the others' would tell nothing.
    widths[-1] = 3
    lines = [heads, ["-" * width for width in widths], *body]
    return "\n".join(
        f"| {' | '.join(text.ljust(width) for text, width in zip(line, widths, strict=True))} |" for line in lines
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return plain(text).replace("|", "\\|")
