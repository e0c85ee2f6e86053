"""A section as HTML, the same for a notebook, a saved page and a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from ...schema.visible import plain
from ..result.picture import ExcerptView
from ..result.section import Excerpts, Section
from .drawn import draw
from .excerpt import excerpt_html, largest, signed
from .links import Link, no_link
from .table import rows_html
from .tint import css

AROUND = 32
"""Tokens of an excerpt shown each side of its strongest."""


def section_html(
    section: Section,
    name: str = "",
    *,
    link: Link = no_link,
    most: float | None = None,
    around: int = AROUND,
    level: int = 2,
) -> str:
    """A `<section>`: caption, rows, picture. It wants the rules of `section_style`, within an element of its class.

    `name` is its id, and begins every id within; without one there are none. `link` is asked for each cell of text or
    of a whole number, and for each token. Colours of excerpts are relative to `most`, the neuron's largest absolute
    activation, by default of the section's excerpts. Raises PictureError for an address that a browser would run.
    """
    parts = [f"<h{level}>{escape(plain(section.caption))}</h{level}>"] if section.caption else []
    if section.rows or (section.columns and not section.caption):  # a question's heads stand also over no rows
        parts.append(rows_html(section, link))
    if isinstance(section.picture, Excerpts):
        views = section.picture.views
        parts += _excerpts(views, largest(views) if most is None else most, around, level + 1)
    elif section.picture is not None and (drawn := draw(section.picture)) is not None:
        parts.append(f"<figure>{drawn.inline()}</figure>")
    mark = f' id="{escape(name)}"' if name else ""
    return f"<section{mark}>\n" + "\n".join(parts) + "\n</section>"


def _excerpts(views: Sequence[ExcerptView], most: float, around: int, level: int) -> Iterator[str]:
    """The colours' key, then by pole and band in the order that bands first come in, strongest first within."""
    if views:
        yield _key(most)
    groups: dict[tuple[int, str], list[ExcerptView]] = {}
    for view in views:
        groups.setdefault((view.pole, view.band), []).append(view)
    for (pole, band), group in sorted(groups.items(), key=lambda item: -item[0][0]):
        strongest_first = sorted(group, key=lambda view: -view.activation)
        items = "\n".join(_item(view, most, around) for view in strongest_first)
        name = f"{'+' if pole > 0 else '-'} side, {escape(plain(band))}"
        if band == "top":
            yield f"<h{level}>{name}</h{level}>\n<ol>\n{items}\n</ol>"
        else:
            count = f'<span class="quiet">{len(group)}</span>'
            yield f"<details>\n<summary>{name} {count}</summary>\n<ol>\n{items}\n</ol>\n</details>"


def _item(view: ExcerptView, most: float, around: int) -> str:
    value = signed(view.pole * view.activation)
    return (
        f'<li><data class="n" value="{value}">{value}</data><div>{excerpt_html(view, most, around)}'
        f"<cite>{escape(plain(view.document))}</cite></div></li>"
    )


def _key(most: float) -> str:
    """What the colours mean: the strongest each way, halves and zero."""
    steps = (most * share for share in (-1.0, -0.5, 0.0, 0.5, 1.0))
    spans = "".join(f'<span style="{css(value, most)}">{signed(value)}</span>' for value in steps)
    return f'<p class="key">hidden value {spans}</p>'
