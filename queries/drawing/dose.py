"""The dose-response curve: effect against the value a neuron is clamped to, with the null's band."""

from __future__ import annotations

from collections.abc import Sequence

from ..result.picture import DoseCurve
from .chart import STYLES, Band, Line, Panel, chart
from .svg import Svg

LABEL = "Change in log-probability against the value the neuron is clamped to, with its null"


def draw_dose(curves: Sequence[DoseCurve], title: str = "") -> Svg:
    """Clamped hidden value against the change in log-probability (nats): a line a curve, its null as a pale band.

    Without any clamp the axes say so.
    """
    lines, bands = [], []
    for number, curve in enumerate(curve for curve in curves if curve.values):
        (colour, marker), name = STYLES[number % len(STYLES)], curve.label or "effect"
        order = sorted(range(len(curve.values)), key=curve.values.__getitem__)
        lines.append(Line(name, tuple((curve.values[i], curve.effects[i]) for i in order), colour, marker))
        if curve.null_low:
            band = tuple((curve.values[i], curve.null_low[i], curve.null_high[i]) for i in order)
            bands.append(Band(f"{name}: null", band, colour))
    names = "clamped to (hidden value)", "change in log-probability (nats)"
    return chart([Panel(*names, lines, bands, "no clamp was measured", whole=False)], LABEL, title)
