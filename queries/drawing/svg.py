"""SVG as text: elements, words and numbers, all of them escaped. Nothing in it has an id, so pictures of a page share
none."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from html import escape

from ...schema import PictureError
from ...schema.visible import plain

INK = "currentColor"
"""what the page around a picture writes in"""
SIZE = 12.0
"""height of letters, pixels"""
RIGHT_TO_LEFT = {"direction": "rtl", "unicode_bidi": "isolate"}
_WIDE = {"W", "F"}
_FONTS = "system-ui, 'DejaVu Sans', 'Liberation Sans', Arial, Helvetica, sans-serif"


@dataclass(frozen=True)
class Svg:
    """A picture: pixels that it wants, what it shows in words, and its elements."""

    width: float
    height: float
    label: str
    body: str
    kind: str = ""
    """`chart`: the stylesheet fits it to the page; else it keeps its size"""

    def inline(self) -> str:
        """An `<svg>` element for a page: see-through, in the page's ink."""
        return self._element(self.body, class_=self.kind or None)

    def file(self) -> str:
        """A file of its own: dark ink on white paper, the same whatever shows it."""
        paper = element("rect", width=self.width, height=self.height, fill="#ffffff")
        own = {"xmlns": "http://www.w3.org/2000/svg", "color": "#1a1a1a", "font_family": _FONTS}
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{self._element(paper + self.body, **own)}\n'

    def _element(self, body: str, **own: str | None) -> str:
        box = f"0 0 {number(self.width)} {number(self.height)}"
        shown: dict[str, str | float | None] = {
            "role": "img",
            "aria_label": plain(self.label),
            "xml__space": "preserve",
            "font_size": SIZE,
        }
        return element("svg", body, **own, viewBox=box, width=self.width, height=self.height, **shown)


def element(tag: str, *children: str, **attributes: str | float | None) -> str:
    """An element of `children`, which are markup; attributes that are None are left out.

    In names `_` stands for `-`, `__` for `:`, and one at the end for nothing.
    """
    given = "".join(
        f' {name.rstrip("_").replace("__", ":").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(children)
    return f"<{tag}{given}>{inner}</{tag}>" if inner else f"<{tag}{given}/>"


def number(value: float) -> str:
    """A number in hundredths of a pixel. Raises PictureError for one that is not finite."""
    if not math.isfinite(value):
        raise PictureError(f"{value!r} has no place in a picture; expected a finite number")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def text(x: float, y: float, words: str, *, anchor: str = "start", size: float | None = None, turn: float = 0) -> str:
    """Words as they are read, from the left or from the right, on the line y; `anchor` is what of them is at x.

    `turn` is by how many degrees they are turned clockwise.
    """
    inner = escape(plain(words))
    # Of the words alone: on the text itself it would turn round what its anchor means.
    inner = element("tspan", inner, **RIGHT_TO_LEFT) if right_to_left(words) else inner
    return element(
        "text",
        inner,
        x=x,
        y=y,
        fill=INK,
        font_size=size,
        text_anchor=None if anchor == "start" else anchor,
        transform=f"rotate({number(turn)} {number(x)} {number(y)})" if turn else None,
    )


def tip(words: str) -> str:
    """What a mark says when it is pointed at."""
    return element("title", escape(plain(words)))


def right_to_left(words: str) -> bool:
    """Whether the first letter that has a direction is of a script that is read from the right."""
    kinds = (unicodedata.bidirectional(letter) for letter in words)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def breadth(words: str, size: float = SIZE) -> float:
    """About how many pixels words take; no font is asked."""
    return size * sum(map(_breadth, words))


def fitted(words: str, room: float, size: float = SIZE) -> str:
    """A stranger's words as they can be seen, cut to about `room` pixels."""
    shown = plain(words)
    if breadth(shown, size) <= room:
        return shown
    kept = ""
    for letter in shown:
        if breadth(kept + letter + "…", size) > room:
            break
        kept += letter
    return kept + "…"


def _breadth(letter: str) -> float:
    if unicodedata.combining(letter):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(letter) in _WIDE else 0.6


def _value(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else number(value)
