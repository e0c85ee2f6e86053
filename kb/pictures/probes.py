"""Probes of a feature: F1 against depth, and against the number of neurons that a probe may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...queries.result.picture import ProbeLine
from .dose import LONGEST, STYLES, legend
from .figure import canvases, drawing, heading, note, short

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Lines = tuple[Sequence[ProbeLine], Sequence[ProbeLine]]
"""by layer, by k"""


def draw_probes(lines: Lines, title: str = "") -> Figure:
    """Left: F1 of each layer's best single neuron, a line a model. Right: F1 against k, a line a method.

    Dashed in the same colour: the best of as many random directions. An empty side says so.
    """
    with drawing():
        figure, (depth, sparse) = canvases([("layer", "F1 of the best neuron"), ("neurons in the probe (k)", "F1")])
        heading(figure, title)
        _draw(depth, lines[0], "no neuron of the store was probed for it")
        _draw(sparse, lines[1], "no probe of several neurons")
        return figure


def _draw(axes: Axes, lines: Sequence[ProbeLine], empty: str) -> None:
    from matplotlib.ticker import MaxNLocator

    drawn: list[tuple[str, Artist]] = []
    for number, line in enumerate(line for line in lines if line.places):
        colour, marker = STYLES[number % len(STYLES)]
        (made,) = axes.plot(line.places, line.f1, color=colour, marker=marker, markersize=4)
        drawn.append((short(line.label, LONGEST), made))
        null = [(x, y) for x, y in zip(line.places, line.null, strict=False) if y is not None]
        if null:
            axes.plot([x for x, _ in null], [y for _, y in null], color=colour, linestyle="--", linewidth=1)
    if not drawn:
        note(axes, empty)
        return
    axes.set_ylim(0, 1.03)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend(axes, drawn)
