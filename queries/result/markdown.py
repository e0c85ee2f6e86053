"""A record as Markdown: plain enough to read as it stands, and to paste anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...schema.visible import plain
from .section import EXCERPT_HEADS, Excerpts, Section

EXCERPTS = 5
"""Excerpts of a section that are shown."""


def inline(text: str) -> str:
    """Text from outside on one line, with nothing hidden in it, and no cell's end or markup of its own."""
    flat = plain(" ".join(text.split()))
    return "".join(f"\\{c}" if c in "|`*_<>[]\\#&~!" else c for c in flat)


def code(text: str) -> str:
    """A name as code, where it cannot end the code itself."""
    flat = plain(" ".join(text.split()))
    return inline(text) if "`" in flat or "|" in flat else f"`{flat}`"


def document(title: str, lead: str, sections: Iterable[Section], said: Callable[[str], str] = inline) -> str:
    """A heading, a line, and each section under its own heading. Histograms and curves are left to pages.

    `said` makes texts from outside fit to stand there: `plain` for a terminal, which has no markup.
    """
    parts = [f"# {said(title)}", said(lead)]
    for each in sections:
        tables = []
        if each.rows:
            tables.append(table(each.columns, each.rows, said))
        if isinstance(each.picture, Excerpts):
            tables.append(table(EXCERPT_HEADS, list(each.picture.lines(EXCERPTS)), said))
        if tables:
            parts += [f"## {said(each.caption)}", *tables]
    return "\n\n".join(part for part in parts if part) + "\n"


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], said: Callable[[str], str] = inline) -> str:
    """Columns of equal width, so that the text is a table before it is drawn as one."""
    body = [[said(_cell(value)) for value in row] for row in rows]
    heads = [said(name) for name in columns]
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
    return f"{value:.4g}" if isinstance(value, float) else str(value)
