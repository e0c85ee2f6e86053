"""A record's sections on a terminal: tables that fit its width, and excerpts coloured by activation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...queries.drawing.excerpt import largest
from ...queries.result.section import Excerpts, Section
from .excerpt import excerpt_text
from .output import cell, console, pole, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    from ...queries.result.picture import ExcerptView

SHOWN = 5
"""Excerpts of a section that a terminal shows; the page has all."""
LABEL = 12
"""Columns left of an excerpt."""
LAST = 14
"""Columns that the last column of a table needs at least: its words may be broken too."""


class Whole:
    """A line that nothing breaks; to be printed with `crop=False`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        yield Segment(self.text)
        yield Segment.line()


def drawn(title: str, lead: str, sections: Iterable[Section]) -> list[RenderableType]:
    """A line for what it is, then each section. Histograms and curves are left to pages."""
    from rich.text import Text

    head = f"{cell(title)}: {cell(lead[:1].lower() + lead[1:])}" if title and lead else cell(title or lead)
    parts: list[RenderableType] = [Text(head), Text("")] if head else []
    for section in sections:
        if section.rows or (section.columns and not section.caption):  # a question's heads stand also over no rows
            parts += rows(section)
        if isinstance(section.picture, Excerpts):
            parts += _excerpts(section.caption, section.picture.views)
    return parts


def rows(section: Section) -> list[RenderableType]:
    """A table where it fits without breaking a word but in its last column, else a record a row; lines as lines."""
    from rich.text import Text

    cells = [[cell(value) for value in row] for row in section.rows]
    if section.columns == ("",):
        heading = [Text(cell(section.caption), style="italic")] if section.caption else []
        if section.verbatim:
            return [*heading, *(Whole(row[0]) for row in cells)]
        return [*heading, *(Text(row[0]) for row in cells), Text("")]
    least = [_longest([name, *(row[i] for row in cells)]) for i, name in enumerate(section.columns)]
    least[-1] = min(LAST, least[-1])
    room = console().width - 2 * len(least)
    if sum(least) <= room:
        full = [_longest([name, *(row[i] for row in cells)], whole=True) for i, name in enumerate(section.columns)]
        return [table(section.columns, section.rows, section.caption, _fitted(full, least, room))]
    label = max(map(len, section.columns))
    parts: list[RenderableType] = [Text(cell(section.caption), style="italic")]
    for row in cells:
        lines = [f"{name.rjust(label)}  {value}" for name, value in zip(section.columns, row, strict=True) if value]
        parts += [*(Text(line) for line in lines), Text("")]
    return parts


def _fitted(full: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths of columns that have room together: what is too much is taken from the widest, none below its least."""
    widths = [min(width, room) for width in full]
    while sum(widths) > room:
        widest = max((i for i, width in enumerate(widths) if width > least[i]), key=lambda i: widths[i])
        widths[widest] -= 1
    return widths


def _longest(texts: Iterable[str], whole: bool = False) -> int:
    """Columns of the longest word, or of the longest text."""
    from rich.cells import cell_len

    return max((cell_len(part) for text in texts for part in ([text] if whole else text.split())), default=0)


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
