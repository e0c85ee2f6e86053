"""Bars: names down the side, and beside them a set of bars for each column of numbers, every set on its own scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .chart import GAP, STYLES
from .frame import WIDTH, note
from .scale import Scale
from .svg import INK, Svg, breadth, element, fitted, number, text, tip

NAMES = 230.0
"""pixels of the longest name"""
ROW, BAR = 20.0, 12.0
"""pixels of a row, and of the bar in it"""
HEAD = 24.0
"""height of the columns' names"""


@dataclass(frozen=True)
class Bars:
    """A column of numbers; None has no bar."""

    name: str
    values: Sequence[float | None]


def bars(names: Sequence[str], sets: Sequence[Bars], label: str) -> Svg:
    """A row a name, a bar a number from zero, and the number itself; `label` says in words what it shows.

    What all names begin with, up to a slash, is left off and stands above them. Raises PictureError for numbers too far
    apart.
    """
    start = _common(names)
    short = [fitted(name[len(start) :], NAMES) for name in names]
    above = fitted(start, NAMES)
    left = max(map(breadth, [*short, above]), default=0.0) + 10
    each = (WIDTH - left - GAP * (len(sets) - 1)) / max(len(sets), 1)
    parts = [text(0, HEAD - 9, above)] if above else []
    for place, (name, shown) in enumerate(zip(names, short, strict=True)):
        words = text(left - 10, HEAD + ROW * (place + 0.5) + 4, shown, anchor="end")
        parts.append(element("g", tip(name), words))
    for place, (drawn, (colour, _)) in enumerate(zip(sets, STYLES, strict=False)):
        at = left + place * (each + GAP)
        parts += _set(drawn, names, at, at + each, colour)
    if not names:
        parts.append(note("no rows", WIDTH / 2, HEAD))
    return Svg(WIDTH, HEAD + ROW * max(len(names), 1) + 4, label, "".join(parts), "chart")


def _set(drawn: Bars, names: Sequence[str], left: float, right: float, colour: str) -> Iterator[str]:
    filled = [value for value in drawn.values if value is not None]
    low, high = min([0.0, *filled]), max([0.0, *filled])
    high = high if high > low else 1.0
    room = max((breadth(f"{value:.4g}") for value in filled), default=0.0) + 8
    scale = Scale(low, high, left, max(left + 10, right - room))
    yield text(left, HEAD - 9, fitted(drawn.name, right - left))
    for place, (name, value) in enumerate(zip(names, drawn.values, strict=True)):
        if value is None:
            continue
        top = HEAD + ROW * place + (ROW - BAR) / 2
        ends = sorted((scale.at(0.0), scale.at(value)))
        yield element(
            "rect",
            tip(f"{name}: {drawn.name} {value:.4g}"),
            x=ends[0],
            y=top,
            width=ends[1] - ends[0],
            height=BAR,
            fill=colour,
        )
        yield text(right, HEAD + ROW * (place + 0.5) + 4, f"{value:.4g}", anchor="end")
    zero = f"M{number(scale.at(0.0))} {number(HEAD)}V{number(HEAD + ROW * len(names))}"
    yield element("path", d=zero, stroke=INK, stroke_opacity=0.6)


def _common(names: Sequence[str]) -> str:
    """`google/gemma/` of neurons of one model."""
    if len(names) < 2:
        return ""
    least, most = min(names), max(names)
    same = next((at for at, letter in enumerate(least) if most[at : at + 1] != letter), len(least))
    return least[: least.rfind("/", 0, same) + 1]
