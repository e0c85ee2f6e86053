"""Probes of a feature: F1 against depth, and against the number of neurons that a probe may use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..result.picture import ProbeLine
from .chart import DASHED, STYLES, Line, Panel, chart
from .svg import Svg

LABEL = "F1 of the best neuron by layer, and against the neurons in a probe, with random directions dashed"


def draw_probes(depth: Sequence[ProbeLine], sparse: Sequence[ProbeLine], title: str = "") -> Svg:
    """Left: F1 of each layer's best single neuron, a line a model. Right: F1 against k, a line a method.

    Dashed in the same colour: the best of as many random directions. An empty side says so.
    """
    left = _panel("layer", "F1 of the best neuron", depth, "no neuron of the store was probed for it")
    right = _panel("neurons in the probe (k)", "F1", sparse, "no probe of several neurons")
    return chart([left, right], LABEL, title)


def _panel(x: str, y: str, lines: Sequence[ProbeLine], empty: str) -> Panel:
    return Panel(x, y, [*_lines(lines)], empty=empty, low=0.0, high=1.03)


def _lines(lines: Sequence[ProbeLine]) -> Iterator[Line]:
    for number, line in enumerate(line for line in lines if line.places):
        style = STYLES[number % len(STYLES)]
        yield Line(line.label, tuple(zip(line.places, line.f1, strict=True)), *style)
        nulls = tuple(zip(line.places, line.null, strict=False))
        yield Line("", nulls, *style, DASHED, f"{line.label}, random directions")
