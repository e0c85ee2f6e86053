"""A token window on a line of a terminal, coloured by activation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from ...queries.drawing.excerpt import CUT, peak
from ...queries.drawing.tint import Colour, hexadecimal, strength
from ...schema import PictureError
from ...schema.visible import SPACE, visible

if TYPE_CHECKING:
    from rich.text import Text

    from ...queries.result.picture import ExcerptView

NARROWEST = 8
"""Columns below which an excerpt would show nothing but the cut."""
WARM: Colour = (230, 159, 0)
COOL: Colour = (86, 180, 233)
WEAK: Colour = (190, 190, 190)
"""All three as bright as one another: with black ink they read on a terminal of any colour."""
LEAST = 0.2
"""Share of the largest below which a terminal's token stays plain."""


def excerpt_text(view: ExcerptView, largest: float, width: int) -> Text:
    """One line of at most `width` columns around the strongest token, which is bold; cuts show as `…`.

    Colours are relative to `largest`, the neuron's largest absolute activation. Raises PictureError for a width
    under 8.
    """
    from rich.cells import cell_len
    from rich.text import Text

    if width < NARROWEST:
        raise PictureError(f"an excerpt {width} columns wide shows nothing; give it at least {NARROWEST}")
    shown, values = [visible(token) for token in view.tokens], view.values
    strongest = peak(view)
    start, stop = _window([cell_len(token) for token in shown], strongest, width)
    line = Text(CUT if start else "", no_wrap=True, end="")
    for i in range(start, stop):
        style = f"{'bold ' if i == strongest else ''}{terminal(values[i], largest)}".strip()
        marks = len(shown[i]) - len(shown[i].lstrip(SPACE)) if view.tokens[i].startswith(" ") else 0
        line.append(shown[i][:marks], style or "dim")
        line.append(shown[i][marks:], style)
    line.append(CUT if stop < len(shown) else "")
    line.truncate(width, overflow="ellipsis")
    return line


def terminal(value: float, largest: float) -> str:
    """A rich style: black on grey turning into the colour, or empty for a weak value."""
    share = strength(value, largest)
    if share < LEAST:
        return ""
    hue = WARM if value > 0 else COOL
    red, green, blue = (round(weak + share * (full - weak)) for weak, full in zip(WEAK, hue, strict=True))
    return f"black on {hexadecimal((red, green, blue))}"


def _window(widths: Sequence[int], centre: int, room: int) -> tuple[int, int]:
    """The widest run of tokens around `centre` that fits, grown left and right in turn; a cut takes one column."""
    ends = [0, *accumulate(widths)]
    if ends[-1] <= room:
        return 0, len(widths)

    def fits(start: int, stop: int) -> bool:
        return ends[stop] - ends[start] + (start > 0) + (stop < len(widths)) <= room

    start, stop, growing = centre, centre + 1, True
    while growing:
        growing = False
        if start and fits(start - 1, stop):
            start, growing = start - 1, True
        if stop < len(widths) and fits(start, stop + 1):
            stop, growing = stop + 1, True
    return start, stop
