"""Axes: two lines with ticks and names, around what a chart draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .scale import Scale
from .svg import INK, SIZE, breadth, element, fitted, number, text

WIDTH = 700.0
"""pixels of a chart"""
HEIGHT = 190.0
"""of its axes"""
BELOW = 44.0
"""under the axes: ticks and a name"""
TITLE = 22.0
"""height of a title"""


@dataclass(frozen=True)
class Axis:
    """A scale, its name, its ticks and what they are called."""

    scale: Scale
    name: str
    ticks: Sequence[float]
    names: Sequence[str]


def axes(x: Axis, y: Axis) -> str:
    """Both lines, a pale one at each tick of y, and the names, which are cut where they do not fit."""
    left, right, bottom, top = x.scale.start, x.scale.stop, y.scale.start, y.scale.stop
    at_x = [(x.scale.at(tick), name) for tick, name in zip(x.ticks, x.names, strict=True)]
    at_y = [(y.scale.at(tick), name) for tick, name in zip(y.ticks, y.names, strict=True)]
    grid = "".join(f"M{number(left)} {number(at)}H{number(right)}" for at, _ in at_y)
    marks = "".join(f"M{number(at)} {number(bottom)}v4" for at, _ in at_x)
    marks += "".join(f"M{number(left)} {number(at)}h-4" for at, _ in at_y)
    lines = f"M{number(left)} {number(top)}V{number(bottom)}H{number(right)}{marks}"
    upright = fitted(y.name, bottom - top + BELOW)
    return "".join(
        [
            element("path", d=grid, stroke=INK, stroke_opacity=0.12) if grid else "",
            element("path", d=lines, fill="none", stroke=INK),
            *(text(at, bottom + 17, name, anchor="middle") for at, name in at_x),
            *(text(left - 7, at + 4, name, anchor="end") for at, name in at_y),
            text((left + right) / 2, bottom + 36, fitted(x.name, right - left), anchor="middle"),
            text(left - beside(y.names) + SIZE, (bottom + top) / 2, upright, anchor="middle", turn=-90),
        ]
    )


def beside(names: Sequence[str]) -> float:
    """Pixels left of the axes for the ticks of y and its name."""
    return max(map(breadth, names), default=0.0) + 32


def heading(words: str, width: float) -> str:
    """A title over a picture."""
    return text(2, SIZE + 2, fitted(words, width - 4)) if words else ""


def note(words: str, x: float, y: float) -> str:
    """Say why there is nothing."""
    return text(x, y, words, anchor="middle")
