"""A token window coloured by activation."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from ...schema.visible import plain
from ..result.picture import ExcerptView
from .tint import css

CUT = "…"


def largest(excerpts: Iterable[ExcerptView]) -> float:
    """The largest absolute activation among a neuron's excerpts; 0 without any."""
    return max((abs(value) for view in excerpts for value in (view.activation, *view.activations)), default=0.0)


def excerpt_html(view: ExcerptView, largest: float, around: int | None = None) -> str:
    """A `<p class="excerpt">`: a span a token, its hidden value as tooltip, the strongest in bold.

    With `around`, at most so many tokens each side of the strongest. Everything is escaped; the background is
    inline, so the fragment needs no stylesheet, but ours gives leading spaces their mark.
    """
    strongest = peak(view)
    count, values = len(view.tokens), view.values
    start, stop = (0, count) if around is None else (max(0, strongest - around), min(count, strongest + around + 1))
    spans = [_span(view.tokens[i], values[i], largest, i == strongest) for i in range(start, stop)]
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


def peak(view: ExcerptView) -> int:
    """Position of the strongest token on the pole's own side, the first of equals; 0 of an empty window."""
    return max(range(len(view.tokens)), key=view.activations.__getitem__, default=0)
