"""A record's sections on a terminal: tables that fit its width, and excerpts coloured by activation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ...queries.result.section import Excerpts, Section
from ..pictures import excerpt_text, largest
from .output import cell, console, pole, table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ...queries.result.picture import ExcerptView

SHOWN = 5
"""Excerpts of a section that a terminal shows; the page has all."""
LABEL = 12
"""Columns left of an excerpt."""
LAST = 14
"""Columns that the last column of a table needs at least: its words may be broken too."""


def drawn(title: str, lead: str, sections: Iterable[Section]) -> list[RenderableType]:
    """A line for what it is, then each section. Histograms and curves are left to pages."""
    from rich.text import Text

    parts: list[RenderableType] = [Text(f"{cell(title)}: {cell(lead[:1].lower() + lead[1:])}"), Text("")]
    for section in sections:
        if section.rows:
            parts += rows(section)
        if isinstance(section.picture, Excerpts):
            parts += _excerpts(section.caption, section.picture.views)
    return parts


def rows(section: Section) -> list[RenderableType]:
    """A table where it fits without breaking a word but in its last column, else a record a row."""
    from rich.text import Text

    cells = [[cell(value) for value in row] for row in section.rows]
    least = [_longest([name, *(row[i] for row in cells)]) for i, name in enumerate(section.columns)]
    least[-1] = min(LAST, least[-1])
    if sum(least) + 2 * len(least) <= console().width:
        return [table(section.columns, section.rows, section.caption, least)]
    label = max(map(len, section.columns))
    parts: list[RenderableType] = [Text(cell(section.caption), style="italic")]
    for row in cells:
        lines = [f"{name.rjust(label)}  {value}" for name, value in zip(section.columns, row, strict=True) if value]
        parts += [*(Text(line) for line in lines), Text("")]
    return parts


def _longest(texts: Iterable[str]) -> int:
    """Columns of the longest word."""
    from rich.cells import cell_len

    return max((cell_len(word) for text in texts for word in text.split()), default=0)


def _excerpts(caption: str, views: Sequence[ExcerptView]) -> list[RenderableType]:
    from rich.text import Text

    limit, width = largest(views), max(40, console().width)
    lines: list[Any] = [Text(cell(caption), style="italic")]
    for view in views[:SHOWN]:
        line = Text(f"{pole(view.pole)}{view.activation:.3g}".rjust(LABEL - 2) + "  ")
        line.append_text(excerpt_text(view, limit, width - LABEL))
        line.no_wrap = True
        lines.append(line)
    return [*lines, Text("")]
