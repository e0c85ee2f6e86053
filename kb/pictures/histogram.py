"""The activation histogram: counts on a log scale, quantile marks, both poles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...queries.result.picture import HistogramView
from ...schema.visible import plain
from .figure import canvas, drawing, heading, note
from .tint import COOL, WARM, hexadecimal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR = 0.5
"""Bottom of the log scale: a bin that holds a single value still shows."""
_LETTER = 0.012
"""width of a mark's letter, as a share of the axes"""

Bar = tuple[float, float, int]
"""left edge, right edge, count"""


def draw_histogram(views: Sequence[HistogramView], title: str = "") -> Figure:
    """Hidden values against counts on a log scale: orange above zero, blue below; quantiles are dotted lines.

    Give one view of the signed value, or one a pole: that of pole -1 is mirrored onto the negative side. Empty bins
    at either end are left off. Without any count the axes say so.
    """
    with drawing():
        figure, axes = canvas("hidden value", "positions")
        heading(figure, title)
        filled = [bars for bars in map(_bars, views) if bars]
        if filled:
            _scale(axes, [bar for bars in filled for bar in bars])
            for bars in filled:
                _outline(axes, [bar for bar in bars if bar[0] + bar[1] <= 0], hexadecimal(COOL))
                _outline(axes, [bar for bar in bars if bar[0] + bar[1] > 0], hexadecimal(WARM))
            _marks(axes, sorted((view.pole * at, plain(q)) for view in views for q, at in view.quantiles.items()))
        else:
            note(axes, "no activation was counted")
        return figure


def _bars(view: HistogramView) -> list[Bar]:
    """The bins that hold something, left to right by hidden value."""
    bins = zip(view.edges, view.edges[1:], view.counts, strict=False)
    bars = [(left, right, count) if view.pole > 0 else (-right, -left, count) for left, right, count in bins if count]
    return sorted(bars)


def _scale(axes: Axes, bars: Sequence[Bar]) -> None:
    from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(numticks=6))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(EngFormatter(sep=""))
    axes.set_ylim(FLOOR, 2 * max(count for _, _, count in bars))
    axes.set_xlim(min(left for left, _, _ in bars), max(right for _, right, _ in bars))


def _outline(axes: Axes, bars: Sequence[Bar], colour: str) -> None:
    """One filled outline: a path of its own for each of hundreds of bins would weigh the file down."""
    if not bars:
        return
    edges, counts = [bars[0][0]], []
    for left, right, count in bars:
        if left > edges[-1]:
            edges.append(left)
            counts.append(FLOOR)
        edges.append(right)
        counts.append(float(count))
    axes.stairs(counts, edges, baseline=FLOOR, fill=True, color=colour)


def _marks(axes: Axes, quantiles: Sequence[tuple[float, str]]) -> None:
    """A dotted line at each threshold; its name above the axes, a row higher where the last one is in the way."""
    low, high = axes.get_xlim()
    ends: list[float] = []
    for at, name in quantiles:
        if not low <= at <= high:
            continue
        centre, half = (at - low) / (high - low), len(name) * _LETTER / 2
        row = next((i for i, end in enumerate(ends) if end < centre - half), len(ends))
        ends[row : row + 1] = [centre + half]
        axes.axvline(at, color=hexadecimal(WARM if at > 0 else COOL), linestyle=":", linewidth=1)
        height = 1.02 + 0.07 * row
        axes.text(centre, height, name, transform=axes.transAxes, ha="center", fontsize=7, parse_math=False)
