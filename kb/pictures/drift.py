"""How far a fine-tune's neurons do what their base's did, layer by layer, beside the null."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .dose import STYLES, legend
from .figure import canvas, drawing, heading, note
from .records import DriftPoint

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_drift(points: Sequence[DriftPoint], title: str = "") -> Figure:
    """Layer against mean correlation of hidden values: a line of counterparts, and one of the null.

    Without any layer the axes say so.
    """
    with drawing():
        figure, axes = canvas("layer", "mean correlation on the same text")
        heading(figure, title)
        if not points:
            note(axes, "the link read no text")
            return figure
        layers = [point.layer for point in points]
        lines = ("with itself", [point.r for point in points]), ("with another neuron", [p.null_r for p in points])
        key = []
        for (name, values), (colour, marker) in zip(lines, STYLES, strict=False):
            (line,) = axes.plot(layers, values, color=colour, marker=marker, markersize=4)
            key.append((name, line))
        axes.set_ylim(min(0.0, *(r for _, values in lines for r in values if r is not None)) - 0.02, 1.02)
        axes.xaxis.get_major_locator().set_params(integer=True)
        legend(axes, key)
        return figure
