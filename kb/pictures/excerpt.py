"""A token window coloured by activation, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import accumulate
from typing import TYPE_CHECKING

from ...queries.result.picture import ExcerptView
from ...schema import PictureError
from ...schema.visible import SPACE, plain, visible
from .tint import css, terminal

if TYPE_CHECKING:
    from rich.text import Text

CUT = "…"
NARROWEST = 8
"""Columns below which an excerpt would show nothing but the cut."""


def largest(excerpts: Iterable[ExcerptView]) -> float:
    """The largest absolute activation among a neuron's excerpts; 0 without any."""
    return max((abs(value) for view in excerpts for value in (view.activation, *view.activations)), default=0.0)


def excerpt_text(view: ExcerptView, largest: float, width: int) -> Text:
    """One line of at most `width` columns around the strongest token, which is bold; cuts show as `…`.

    Colours are relative to `largest`, the neuron's largest absolute activation. Raises PictureError for a width
    under 8.
    """
    from rich.cells import cell_len
    from rich.text import Text

    if width < NARROWEST:
        raise PictureError(f"an excerpt {width} columns wide shows nothing; give it at least {NARROWEST}")
    shown = [visible(token) for token in view.tokens]
    peak = _peak(view)
    start, stop = _window([cell_len(token) for token in shown], peak, width)
    line = Text(CUT if start else "", no_wrap=True, end="")
    for i in range(start, stop):
        style = f"{'bold ' if i == peak else ''}{terminal(view.values[i], largest)}".strip()
        marks = len(shown[i]) - len(shown[i].lstrip(SPACE)) if view.tokens[i].startswith(" ") else 0
        line.append(shown[i][:marks], style or "dim")
        line.append(shown[i][marks:], style)
    line.append(CUT if stop < len(shown) else "")
    line.truncate(width, overflow="ellipsis")
    return line


def excerpt_html(view: ExcerptView, largest: float, around: int | None = None) -> str:
    """A `<p class="excerpt">`: a span a token, its hidden value as tooltip, the strongest in bold.

    With `around`, at most so many tokens each side of the strongest. Everything is escaped; the background is
    inline, so the fragment needs no stylesheet, but page.py's gives leading spaces their mark.
    """
    peak = _peak(view)
    count = len(view.tokens)
    start, stop = (0, count) if around is None else (max(0, peak - around), min(count, peak + around + 1))
    spans = [_span(view.tokens[i], view.values[i], largest, i == peak) for i in range(start, stop)]
    text = (CUT if start else "") + "".join(spans) + (CUT if stop < count else "")
    return f'<p class="excerpt" dir="auto">{text}</p>'


def signed(value: float) -> str:
    """A hidden value in three digits, with its sign."""
    return f"{value:+.3g}" if value else "0"


def token_html(token: str) -> str:
    """A token's text, escaped: a leading space stays a space, so that copied text is the text."""
    rest = token.lstrip(" ")
    return "<i> </i>" * (len(token) - len(rest)) + escape(plain(rest))


def _span(token: str, value: float, largest: float, strongest: bool) -> str:
    name = "b" if strongest else "span"
    colour = css(value, largest)
    style = f' style="{colour}"' if colour else ""
    return f'<{name} title="{signed(value)}"{style}>{token_html(token)}</{name}>'


def _peak(view: ExcerptView) -> int:
    """Position of the strongest token on the pole's own side, the first of equals; 0 of an empty window."""
    return max(range(len(view.tokens)), key=view.activations.__getitem__, default=0)


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
