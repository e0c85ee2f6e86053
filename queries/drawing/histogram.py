"""The activation histogram: counts on a log scale, quantile marks, both poles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..result.picture import HistogramView
from .chart import DOTTED
from .frame import BELOW, HEIGHT, TITLE, WIDTH, Axis, axes, beside, heading, note
from .scale import Scale, counted, log_ticks, named, ticks
from .svg import INK, Svg, breadth, element, number, text, tip
from .tint import COOL, WARM, hexadecimal

LABEL = "Histogram of the neuron's activations, counts on a log scale, with quantiles"
FLOOR = 0.5
"""Bottom of the log scale: a bin that holds a single value still shows."""
ROW = 14.0
"""pixels of a row of quantiles' names"""

Bar = tuple[float, float, int]
"""left edge, right edge, count"""
Mark = tuple[float, str, int]
"""hidden value, name of the quantile, and the row above the axes where the name has room"""


def draw_histogram(views: Sequence[HistogramView], title: str = "") -> Svg:
    """Hidden values against counts on a log scale: orange above zero, blue below; quantiles are dotted lines.

    Give one view of the signed value, or one a pole: that of pole -1 is mirrored onto the negative side. Empty bins
    at either end are left off. Without any count the axes say so.
    """
    filled = [bars for bars in map(_bars, views) if bars]
    y_ends = FLOOR, 2.0 * max((count for bars in filled for _, _, count in bars), default=1)
    powers = log_ticks(*y_ends, 6)
    names = [*map(counted, powers)]
    low, high = min((bars[0][0] for bars in filled), default=0), max((bars[-1][1] for bars in filled), default=1)
    x = Scale(low, high, beside(names), WIDTH - 8)
    marks = _marks(x, sorted((view.pole * at, q) for view in views for q, at in view.quantiles.items()))
    top = (TITLE if title else 0.0) + ROW * max((row + 1 for *_, row in marks), default=0) + 6
    if not filled:
        empty = note("no activation was counted", WIDTH / 2, top + BELOW / 2)
        return Svg(WIDTH, top + BELOW, LABEL, heading(title, WIDTH) + empty, "chart")
    y = Scale(*y_ends, top + HEIGHT, top, log=True)
    places = ticks(low, high, 9)
    across, upright = Axis(x, "hidden value", places, named(places)), Axis(y, "positions", powers, names)
    parts = [heading(title, WIDTH), axes(across, upright)]
    for bars in filled:
        parts.append(_outline([bar for bar in bars if bar[0] + bar[1] <= 0], x, y, hexadecimal(COOL), "below zero"))
        parts.append(_outline([bar for bar in bars if bar[0] + bar[1] > 0], x, y, hexadecimal(WARM), "above zero"))
    return Svg(WIDTH, top + HEIGHT + BELOW, LABEL, "".join([*parts, *_drawn(marks, x, top)]), "chart")


def _bars(view: HistogramView) -> list[Bar]:
    """The bins that hold something, left to right by hidden value."""
    bins = zip(view.edges, view.edges[1:], view.counts, strict=False)
    bars = [(left, right, count) if view.pole > 0 else (-right, -left, count) for left, right, count in bins if count]
    return sorted(bars)


def _outline(bars: Sequence[Bar], x: Scale, y: Scale, colour: str, side: str) -> str:
    """One filled outline: an element for each of hundreds of bins would weigh the file down."""
    if not bars:
        return ""
    floor, end = number(y.at(FLOOR)), bars[0][0]
    path = f"M{number(x.at(end))} {floor}"
    for left, right, count in bars:
        if left > end:
            path += f"V{floor}H{number(x.at(left))}"
        path += f"V{number(y.at(count))}H{number(x.at(right))}"
        end = right
    said = tip(f"{side}: {sum(count for *_, count in bars):,} positions")
    return element("path", said, d=f"{path}V{floor}Z", fill=colour)


def _marks(x: Scale, quantiles: Sequence[tuple[float, str]]) -> list[Mark]:
    """Quantiles that lie on the axes; a name that would be in the way of the one before stands a row higher."""
    ends: list[float] = []
    marks = []
    for at, name in quantiles:
        if x.low <= at <= x.high:
            centre, half = x.at(at), breadth(name, 11) / 2 + 3
            row = next((i for i, end in enumerate(ends) if end < centre - half), len(ends))
            ends[row : row + 1] = [centre + half]
            marks.append((at, name, row))
    return marks


def _drawn(marks: Sequence[Mark], x: Scale, top: float) -> Iterator[str]:
    for at, name, row in marks:
        place = x.at(at)
        line = f"M{number(place)} {number(top - ROW * row)}V{number(top + HEIGHT)}"
        said = tip(f"quantile {name}: {at:.4g}")
        yield element("path", said, d=line, stroke=INK, stroke_width=1.2, stroke_dasharray=DOTTED)
        yield text(place, top - 4 - ROW * row, name, anchor="middle", size=11)
