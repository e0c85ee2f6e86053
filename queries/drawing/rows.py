"""Rows of any answer as a chart: bars for what has names, lines or points for what has numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .bars import Bars, bars
from .chart import STYLES, Line, Panel, chart
from .svg import Svg

MOST_BARS = 40
"""rows that have a bar"""
MOST_PANELS = 3
"""sets of axes side by side"""
FACTOR = 10.0
"""Lines share their axes where their largest values differ by less."""


@dataclass(frozen=True)
class _Column:
    name: str
    values: tuple[Any, ...]

    @property
    def filled(self) -> list[Any]:
        return [value for value in self.values if value is not None]

    @property
    def is_number(self) -> bool:
        return bool(self.filled) and all(map(_is_number, self.filled))

    @property
    def is_text(self) -> bool:
        return bool(self.filled) and all(isinstance(value, str) for value in self.filled)

    @property
    def is_whole(self) -> bool:
        return self.is_number and all(isinstance(value, int) for value in self.filled)

    @property
    def differs(self) -> bool:
        """Whether each row has a value of its own: it then names the row."""
        return len(set(self.filled)) == len(self.values)

    @property
    def largest(self) -> float:
        return max(abs(float(value)) for value in self.filled)


def draw_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Svg | None:
    """The columns of numbers against the first column of texts or whole numbers, rather one that names each row.

    None where no column has numbers. The picture's label says what is drawn, and what there was no room for. Raises
    PictureError for numbers too far apart.
    """
    held = [_Column(name, tuple(row[at] for row in rows)) for at, name in enumerate(columns)]
    numbers = [column for column in held if column.is_number]
    if not numbers:
        return None
    against = _against(held, numbers)
    if against is not None and against.is_text:
        return _bars(against, [column for column in numbers if column is not against])
    if against is None and len(numbers) == 1:
        against = _Column("row", tuple(range(1, len(rows) + 1)))
    elif against is None:
        against = numbers[0]
    return _lines(against, [column for column in numbers if column is not against])


def _against(held: Sequence[_Column], numbers: Sequence[_Column]) -> _Column | None:
    """What the numbers stand against; None where there are only fractions, or one column."""
    names = [
        column
        for column in held
        if (column.is_text or column.is_whole) and any(other is not column for other in numbers)
    ]
    return next((column for column in names if column.differs), names[0] if names else None)


def _bars(names: _Column, numbers: Sequence[_Column]) -> Svg:
    shown = numbers[:MOST_PANELS]
    texts = ["" if name is None else str(name) for name in names.values[:MOST_BARS]]
    each = [Bars(column.name, [_number(value) for value in column.values[:MOST_BARS]]) for column in shown]
    return bars(texts, each, _said("Bars", names, shown, numbers, MOST_BARS))


def _lines(against: _Column, numbers: Sequence[_Column]) -> Svg:
    """One value a place makes a line; several make points."""
    whole = against.is_whole
    joined = whole and against.differs
    panels = _together(numbers)[:MOST_PANELS]
    shown = [column for panel in panels for column in panel]
    drawn = []
    for panel in panels:
        name = panel[0].name if len(panel) == 1 else "value"
        drawn.append(Panel(against.name, name, [*_series(against, panel, joined)], whole=whole))
    return chart(drawn, _said("Lines" if joined else "Points", against, shown, numbers, len(against.values)))


def _series(against: _Column, panel: Sequence[_Column], joined: bool) -> Iterator[Line]:
    for column, (colour, marker) in zip(panel, STYLES, strict=False):
        pairs = zip(against.values, column.values, strict=True)
        points = [(float(at), _number(value)) for at, value in pairs if at is not None]
        yield Line(column.name, tuple(sorted(points, key=lambda point: point[0])), colour, marker, joined=joined)


def _together(numbers: Sequence[_Column]) -> list[list[_Column]]:
    """Columns of like size share a set of axes, as many as there are styles of lines."""
    panels: list[list[_Column]] = []
    for column in numbers:
        for panel in panels:
            sizes = sorted((column.largest, panel[0].largest))
            if len(panel) < len(STYLES) and sizes[1] <= FACTOR * sizes[0]:
                panel.append(column)
                break
        else:
            panels.append([column])
    return panels


def _said(what: str, against: _Column, shown: Sequence[_Column], numbers: Sequence[_Column], most: int) -> str:
    """`Lines of f1 and null by layer, 18 rows`"""
    count = len(against.values)
    rows = f"the first {most} of {count:,} rows" if count > most else f"{count:,} row{'' if count == 1 else 's'}"
    left_out = [column.name for column in numbers if not any(column is other for other in shown)]
    rest = f"; no room for {_listed(left_out)}" if left_out else ""
    return f"{what} of {_listed([column.name for column in shown])} by {against.name}, {rows}{rest}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
