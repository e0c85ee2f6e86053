"""The dose-response curve: effect against the value a neuron is clamped to, with the null's band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...queries.result.picture import DoseCurve
from .figure import INK, canvas, drawing, heading, note, short

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES = (("#d55e00", "o"), ("#0072b2", "s"), ("#009e73", "^"), ("#cc79a7", "D"))
"""colour and marker of each curve in turn: told apart without colour too"""
LONGEST = 40
"""letters of a name in a key"""


def draw_dose(curves: Sequence[DoseCurve], title: str = "") -> Figure:
    """Clamped hidden value against the change in log-probability (nats): a line a curve, its null as a pale band.

    Without any clamp the axes say so.
    """
    with drawing():
        figure, axes = canvas("clamped to (hidden value)", "change in log-probability (nats)")
        heading(figure, title)
        key: list[tuple[str, Artist]] = []
        for i, curve in enumerate(curve for curve in curves if curve.values):
            key += _draw(axes, curve, *STYLES[i % len(STYLES)])
        if key:
            axes.axhline(0, color=INK, linewidth=0.6)
            legend(axes, key)
        else:
            note(axes, "no clamp was measured")
        return figure


def _draw(axes: Axes, curve: DoseCurve, colour: str, marker: str) -> list[tuple[str, Artist]]:
    """Draw one curve; its parts with their names."""
    order = sorted(range(len(curve.values)), key=curve.values.__getitem__)
    values = [curve.values[i] for i in order]
    (line,) = axes.plot(values, [curve.effects[i] for i in order], color=colour, marker=marker, markersize=4)
    name = short(curve.label, LONGEST) or "effect"
    parts: list[tuple[str, Artist]] = [(name, line)]
    if curve.null_low:
        low, high = ([band[i] for i in order] for band in (curve.null_low, curve.null_high))
        parts.append((f"{name}: null", axes.fill_between(values, low, high, color=colour, alpha=0.18, linewidth=0)))
    return parts


def legend(axes: Axes, key: Sequence[tuple[str, Artist]]) -> None:
    """The key of named parts."""
    made = axes.legend([part for _, part in key], [str(i) for i in range(len(key))], frameon=False, fontsize=8)
    # Set afterwards: a legend drops names that begin with an underscore, and reads dollars as TeX.
    for text, (name, _) in zip(made.get_texts(), key, strict=True):
        text.set_parse_math(False)
        text.set_text(name)
