"""Charts of lines and bands: one or several sets of axes side by side, each under its key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from .frame import BELOW, HEIGHT, TITLE, WIDTH, Axis, axes, beside, heading, note
from .scale import Scale, ends, named, ticks
from .svg import INK, Svg, breadth, element, fitted, number, text, tip

STYLES = (("#d55e00", "circle"), ("#0072b2", "square"), ("#009e73", "triangle"), ("#cc79a7", "diamond"))
"""Colour and marker of each line in turn: told apart without colour too. Okabe and Ito's colours."""
GREY = "#7a7a7a"
DASHED, DOTTED = "5 4", "1.5 3.5"
ROW, SWATCH, GAP = 18.0, 26.0, 16.0
"""pixels: of a key's row, of its piece of a line, and between the columns of a chart and of a key"""
LABEL = 260.0
"""pixels of a name in a key"""
RADIUS = 3.2
_SHAPES = {
    "square": "M{x} {y}m-3-3h6v6h-6z",
    "triangle": "M{x} {y}m0-4l4 7h-8z",
    "diamond": "M{x} {y}m0-4.2l4.2 4.2l-4.2 4.2l-4.2-4.2z",
}


@dataclass(frozen=True)
class Line:
    """Points in order; where y is None the line breaks. Without a label it is not in the key."""

    label: str
    points: tuple[tuple[float, float | None], ...]
    colour: str
    marker: str = "circle"
    dash: str | None = None
    tip: str = ""
    """what its marks say before their numbers; by default the label"""
    joined: bool = True
    """by a stroke from point to point"""


@dataclass(frozen=True)
class Band:
    """From low to high at each x, in order."""

    label: str
    points: tuple[tuple[float, float, float], ...]
    colour: str


@dataclass(frozen=True)
class Panel:
    """One set of axes. Without any point it says `empty`."""

    x: str
    y: str
    lines: Sequence[Line] = ()
    bands: Sequence[Band] = ()
    empty: str = ""
    whole: bool = True
    """x is a whole number: a layer, or how many"""
    low: float | None = None
    high: float | None = None
    """ends of y, where the values do not decide"""

    def values(self) -> tuple[list[float], list[float]]:
        """Every x and every y."""
        spots = [(x, y) for line in self.lines for x, y in line.points if y is not None]
        spots += [(x, y) for band in self.bands for x, *both in band.points for y in both]
        return [x for x, _ in spots], [y for _, y in spots]


Entry = tuple[str, str]
"""A name of the key and the markup before it, drawn about 0, 0."""


def chart(panels: Sequence[Panel], label: str, title: str = "") -> Svg:
    """Panels side by side; `label` says in words what they show."""
    each = (WIDTH - GAP * (len(panels) - 1)) / max(len(panels), 1)
    keys = [_rows(_entries(panel), each) for panel in panels]
    top = (TITLE if title else 0.0) + ROW * max(map(len, keys), default=0) + 10
    parts = [heading(title, WIDTH)]
    for place, (panel, rows) in enumerate(zip(panels, keys, strict=True)):
        left = place * (each + GAP)
        parts += _key(rows, left, top - 10 - ROW * len(rows))
        parts.append(_panel(panel, left, left + each, top))
    height = HEIGHT + BELOW if any(panel.values()[0] for panel in panels) else BELOW
    return Svg(WIDTH, top + height, label, "".join(parts), "chart")


def _panel(panel: Panel, left: float, right: float, top: float) -> str:
    at_x, at_y = panel.values()
    if not at_x:
        return note(panel.empty, (left + right) / 2, top + BELOW / 2)
    (low, high), x_ends = ends(at_y), ends(at_x)
    low = panel.low if panel.low is not None and panel.low <= min(at_y) else low
    high = panel.high if panel.high is not None and panel.high >= max(at_y) else high
    y_ticks = ticks(low, high, 5)
    y = Axis(Scale(low, high, top + HEIGHT, top), panel.y, y_ticks, named(y_ticks))
    start = left + beside(y.names)
    x_ticks = ticks(*x_ends, max(2, int((right - start) / 70)), panel.whole)
    x = Axis(Scale(*x_ends, start, right - 4), panel.x, x_ticks, named(x_ticks))
    zero = f"M{number(start)} {number(y.scale.at(0))}H{number(right - 4)}" if low < 0 < high else ""
    return "".join(
        [
            axes(x, y),
            *(_band(band, x.scale, y.scale) for band in panel.bands),
            element("path", d=zero, stroke=INK, stroke_opacity=0.6) if zero else "",
            *(_line(line, x.scale, y.scale) for line in panel.lines),
        ]
    )


def _band(band: Band, x: Scale, y: Scale) -> str:
    there = [(x.at(at), y.at(high)) for at, _, high in band.points]
    back = [(x.at(at), y.at(low)) for at, low, _ in reversed(band.points)]
    corners = "L".join(f"{number(at)} {number(height)}" for at, height in there + back)
    return element("path", tip(band.label), d=f"M{corners}Z", fill=band.colour, fill_opacity=0.2)


def _line(line: Line, x: Scale, y: Scale) -> str:
    spots = [(at, value, x.at(at), y.at(value)) for at, value in line.points if value is not None]
    path, joined = "", False
    for at, value in line.points:
        if value is not None:
            path += f"{'L' if joined else 'M'}{number(x.at(at))} {number(y.at(value))}"
        joined = value is not None
    name = line.tip or line.label
    return "".join(
        [
            _stroke(path, line) if line.joined and len(spots) > 1 else "",
            *(_mark(line, right, down, tip(f"{name}: {value:.4g} at {at:g}")) for at, value, right, down in spots),
        ]
    )


def _stroke(path: str, line: Line) -> str:
    return element("path", d=path, fill="none", stroke=line.colour, stroke_width=1.6, stroke_dasharray=line.dash)


def _mark(line: Line, x: float, y: float, said: str = "") -> str:
    """A marker: hollow on a dashed line."""
    fill, border = ("none", line.colour) if line.dash else (line.colour, None)
    given = {"fill": fill, "stroke": border, "pointer_events": "all" if line.dash else None}
    if line.marker in _SHAPES:
        return element("path", said, d=_SHAPES[line.marker].format(x=number(x), y=number(y)), **given)
    return element("circle", said, cx=x, cy=y, r=RADIUS, **given)


def _entries(panel: Panel) -> Iterator[Entry]:
    for line in panel.lines:
        if line.label:
            stroke = _stroke(f"M0 0H{number(SWATCH - 6)}", line) if line.joined else ""
            yield line.label, stroke + _mark(line, (SWATCH - 6) / 2, 0)
    for band in panel.bands:
        if band.label:
            yield band.label, element("rect", y=-5, width=SWATCH - 6, height=10, fill=band.colour, fill_opacity=0.35)


def _rows(entries: Iterator[Entry], room: float) -> list[list[Entry]]:
    """Entries in rows that fit."""
    rows: list[list[Entry]] = []
    used = 0.0
    for label, swatch in entries:
        shown = fitted(label, min(LABEL, room - SWATCH))
        wide = SWATCH + breadth(shown) + GAP
        if not rows or used + wide > room + GAP:
            rows.append([])
            used = 0.0
        rows[-1].append((shown, swatch))
        used += wide
    return rows


def _key(rows: Sequence[Sequence[Entry]], left: float, top: float) -> Iterator[str]:
    for place, row in enumerate(rows):
        starts = accumulate((SWATCH + breadth(shown) + GAP for shown, _ in row), initial=left + 2)
        middle = top + ROW * (place + 0.5)
        for start, (shown, swatch) in zip(starts, row, strict=False):
            yield element("g", swatch, transform=f"translate({number(start)} {number(middle)})")
            yield text(start + SWATCH, middle + 4, shown)
