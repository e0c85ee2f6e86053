"""How well explanations of each kind predict, by layer, beside those of another neuron."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .dose import LONGEST, STYLES, legend
from .figure import canvases, drawing, heading, note, short

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ScoreLine:
    """Mean scores of one kind of explanation."""

    label: str
    layers: tuple[int, ...]
    values: tuple[float, ...]
    nulls: tuple[float | None, ...]


def draw_explanations(lines: Mapping[str, Sequence[ScoreLine]], title: str = "") -> Figure:
    """One half for each set of windows: mean correlation against layer, dashed the null in the same colour."""
    with drawing():
        figure, halves = canvases([("layer", f"correlation, {windows}") for windows in lines])
        heading(figure, title)
        for axes, found in zip(halves, lines.values(), strict=True):
            _draw(axes, found)
        return figure


def _draw(axes: Axes, lines: Sequence[ScoreLine]) -> None:
    from matplotlib.ticker import MaxNLocator

    drawn: list[tuple[str, Artist]] = []
    for number, line in enumerate(lines):
        colour, marker = STYLES[number % len(STYLES)]
        (made,) = axes.plot(line.layers, line.values, color=colour, marker=marker, markersize=4)
        drawn.append((short(line.label, LONGEST), made))
        null = [(x, y) for x, y in zip(line.layers, line.nulls, strict=True) if y is not None]
        if null:
            axes.plot([x for x, _ in null], [y for _, y in null], color=colour, linestyle="--", linewidth=1)
    if not drawn:
        note(axes, "no scored explanations")
        return
    axes.axhline(0, color="#7a7a7a", linewidth=0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes, drawn)
