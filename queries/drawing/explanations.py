"""How well explanations of each kind predict, by layer, beside those of another neuron."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..result.picture import ScoreLine
from .chart import DASHED, STYLES, Line, Panel, chart
from .svg import Svg

LABEL = "Mean correlation of explanations by layer, dashed that of another neuron's explanations"
EMPTY = "no scored explanations"


def draw_explanations(lines: Mapping[str, Sequence[ScoreLine]], title: str = "") -> Svg:
    """One half for each set of windows: mean correlation against layer, dashed the null in the same colour."""
    panels = [
        Panel("layer", f"correlation, {windows}", [*_lines(held)], empty=EMPTY) for windows, held in lines.items()
    ]
    return chart(panels or [Panel("", "", empty=EMPTY)], LABEL, title)


def _lines(lines: Sequence[ScoreLine]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        style = STYLES[number % len(STYLES)]
        yield Line(line.label, tuple(zip(line.layers, line.values, strict=True)), *style)
        nulls = tuple(zip(line.layers, line.nulls, strict=True))
        yield Line("", nulls, *style, DASHED, f"{line.label}, another neuron's")
