"""How far a fine-tune's neurons do what their base's did, layer by layer, beside the null."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...queries.result.picture import DriftPoint
from .dose import STYLES, legend
from .figure import canvas, drawing, heading, note

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure


def draw_drift(points: Sequence[DriftPoint], title: str = "") -> Figure:
    """Layer against mean correlation of hidden values: a line of counterparts, and one of the null.

    Without any layer the axes say so.
    """
    with drawing():
        figure, axes = canvas("layer", "mean correlation")
        heading(figure, title)
        if not points:
            note(axes, "the link read no text")
            return figure
        layers = [point.layer for point in points]
        own = [point.r for point in points]
        null = [math.nan if point.null_r is None else point.null_r for point in points]
        key: list[tuple[str, Artist]] = []
        for name, values, (colour, marker) in (
            ("with itself", own, STYLES[0]),
            ("with another neuron", null, STYLES[1]),
        ):
            (line,) = axes.plot(layers, values, color=colour, marker=marker, markersize=4)
            key.append((name, line))
        axes.set_ylim(min(0.0, *own, *(r for r in null if not math.isnan(r))) - 0.02, 1.02)
        axes.locator_params(axis="x", integer=True)
        legend(axes, key)
        return figure
