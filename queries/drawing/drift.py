"""How far a fine-tune's neurons do what their base's did, layer by layer, beside the null."""

from __future__ import annotations

from collections.abc import Sequence

from ..result.picture import DriftPoint
from .chart import DASHED, STYLES, Line, Panel, chart
from .svg import Svg

LABEL = "Mean correlation of hidden values in base and fine-tune by layer, with that of other neurons"


def draw_drift(points: Sequence[DriftPoint], title: str = "") -> Svg:
    """Layer against mean correlation of hidden values: a line of counterparts, and one of the null."""
    own = Line("with itself", tuple((point.layer, point.r) for point in points), *STYLES[0])
    null = Line("with another neuron", tuple((point.layer, point.null_r) for point in points), *STYLES[1], DASHED)
    lines = [own, null] if points else []
    panel = Panel("layer", "mean correlation", lines, empty="the link read no text", low=0.0, high=1.02)
    return chart([panel], LABEL, title)
