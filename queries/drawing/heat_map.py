"""A heat map: values of rows by columns as coloured cells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..result.picture import HeatMap
from .frame import TITLE, WIDTH, heading
from .links import linked
from .svg import INK, SIZE, Svg, breadth, element, fitted, number, text, tip
from .tint import COOL, OPACITY, WARM, hexadecimal

LABEL_ROOM, HEAD_ROOM = 180.0, 110.0
"""pixels of the longest label of a row, and of a column"""
NARROWEST, WIDEST = 18.0, 64.0
"""pixels of a column"""
SMALL = 11.0
"""height of the letters in cells and of labels"""
ROW, FLAT = 26.0, 18.0
"""pixels of a row with numbers in its cells, and without"""
KEY = 44.0
"""pixels of what tells the colours, under the cells"""
STEPS = 9
"""colours that it shows"""


def draw_heat_map(view: HeatMap, title: str = "") -> Svg:
    """Cells orange above zero, or from the low end on, and blue below zero; hatched where there is no value."""
    left = max((breadth(fitted(row, LABEL_ROOM, SMALL), SMALL) for row in view.rows), default=0) + 10
    wide = min(WIDEST, max(NARROWEST, (WIDTH - left - 2) / max(len(view.columns), 1)))
    values = (value for row in view.values for value in row if value is not None)
    has_numbers = max((breadth(shown(value), SMALL) for value in values), default=0) <= wide - 2
    tall = ROW if has_numbers else FLAT
    heads, head_room = _heads(view.columns, left, wide)
    top = (TITLE if title else 0.0) + head_room
    width = max(left + wide * len(view.columns) + 2, left + 240)
    parts = [heading(title, width), element("g", heads, transform=f"translate(0 {number(top)})")]
    for place, (name, row) in enumerate(zip(view.rows, view.values, strict=True)):
        y = top + tall * place
        parts.append(_label(fitted(name, LABEL_ROOM, SMALL), left - 6, y + tall / 2 + 4, name, anchor="end"))
        parts += [
            _cell(view, (place, column), (left + wide * column, y, wide, tall), value, has_numbers)
            for column, value in enumerate(row)
        ]
    bottom = top + tall * len(view.rows)
    words = f"{view.unit or 'values'}, {len(view.rows)} rows by {len(view.columns)} columns"
    return Svg(width, bottom + KEY, words, "".join([*parts, *_key(view, left, bottom + 8)]))


def shown(value: float) -> str:
    """A number as a cell has it: two digits after the point below 10, else three in all."""
    return f"{value:z.2f}" if abs(value) < 10 else f"{value:.3g}"


def _heads(columns: Sequence[str], left: float, wide: float) -> tuple[str, float]:
    """Names of columns above 0, turned where they do not fit, and the pixels they take."""
    widest = max((breadth(name, SMALL) for name in columns), default=0)
    middles = [left + wide * (place + 0.5) for place in range(len(columns))]
    if widest <= wide - 2:
        flat = (_label(name, x, -6, name, anchor="middle") for x, name in zip(middles, columns, strict=True))
        return "".join(flat), 22
    cut = [fitted(name, HEAD_ROOM, SMALL) for name in columns]
    room = max(breadth(name, SMALL) for name in cut) + 12
    turned = (_label(name, x + 4, -6, whole, turn=-90) for x, name, whole in zip(middles, cut, columns, strict=True))
    return "".join(turned), room


def _label(words: str, x: float, y: float, whole: str, *, anchor: str = "start", turn: float = 0) -> str:
    """A label that says its whole name when it is pointed at."""
    return element("g", tip(whole), text(x, y, words, anchor=anchor, size=SMALL, turn=turn))


def _cell(
    view: HeatMap, at: tuple[int, int], box: tuple[float, float, float, float], value: float | None, has_number: bool
) -> str:
    (row, column), (x, y, width, height) = at, box
    note = view.notes[row][column] if view.notes else ""
    words = f"{view.rows[row]}, {view.columns[column]}: {'no value' if value is None else f'{value:.4g}'}"
    parts = [tip(f"{words}; {note}" if note else words), _square(view, value, x, y, width, height)]
    if value is not None and has_number:
        parts.append(text(x + width / 2, y + height / 2 + 4, shown(value), anchor="middle", size=SMALL))
    return linked(element("g", *parts), view.links[row][column] if view.links else None)


def _square(view: HeatMap, value: float | None, x: float, y: float, width: float, height: float) -> str:
    place = {"x": x + 0.5, "y": y + 0.5, "width": width - 1, "height": height - 1}
    if value is not None:
        colour, opacity = colour_of(view.low, view.high, value)
        return element("rect", **place, fill=colour, fill_opacity=opacity, stroke=INK, stroke_opacity=0.15)
    lines = f"M{number(x + 2)} {number(y + height - 2)}L{number(x + width - 2)} {number(y + 2)}"
    paper = element("rect", **place, fill=INK, fill_opacity=0.04)
    return paper + element("path", d=lines, stroke=INK, stroke_opacity=0.4)


def colour_of(low: float, high: float, value: float) -> tuple[str, float]:
    """Hue and opacity: about zero where the scale holds it, else up from the low end. Values past an end are as it."""
    if low < 0:
        share = value / high if value > 0 and high > 0 else value / low
        return hexadecimal(WARM if value > 0 else COOL), OPACITY * min(max(share, 0.0), 1.0)
    return hexadecimal(WARM), OPACITY * min(max((value - low) / (high - low), 0.0), 1.0)


def _key(view: HeatMap, left: float, top: float) -> Iterator[str]:
    """The colours from end to end, with what they are."""
    for step in range(STEPS):
        value = view.low + (view.high - view.low) * step / (STEPS - 1)
        colour, opacity = colour_of(view.low, view.high, value)
        yield element("rect", x=left + 14 * step, y=top, width=14, height=10, fill=colour, fill_opacity=opacity)
    end = left + 14 * STEPS
    yield element("rect", x=left, y=top, width=14 * STEPS, height=10, fill="none", stroke=INK, stroke_opacity=0.4)
    yield text(left, top + 24, f"{view.low:.3g}", size=SMALL)
    yield text(end, top + 24, f"{view.high:.3g}", anchor="end", size=SMALL)
    if view.unit:
        yield text(end + 10, top + SIZE - 2, fitted(view.unit, 400), size=SMALL)
