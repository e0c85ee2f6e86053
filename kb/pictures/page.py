"""A neuron's page: one HTML file that holds all it shows and fetches nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from ...schema.visible import plain
from .dose import draw_dose
from .excerpt import excerpt_html, largest, signed
from .figure import inline_svg
from .histogram import draw_histogram
from .records import DoseCurve, ExcerptView, HistogramView, TableView
from .style import STYLE
from .tables import plain_table, sides_table
from .tint import css

if TYPE_CHECKING:
    from ...queries import DecodedSide

AROUND = 32
"""Tokens of an excerpt shown each side of its strongest."""
# Nothing on the page is a program or comes from elsewhere; a browser holds it to that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def neuron_page(
    title: str,
    lead: str = "",
    sides: Sequence[DecodedSide] = (),
    tables: Sequence[TableView] = (),
    excerpts: Sequence[ExcerptView] = (),
    histograms: Sequence[HistogramView] = (),
    doses: Sequence[DoseCurve] = (),
    around: int = AROUND,
) -> str:
    """A whole HTML document on one neuron; what is not given has no section.

    Excerpts stand by pole and band, in the order that bands first come in, strongest first within; colours are
    relative to the strongest of them all. Raises PictureError when a picture is asked for without matplotlib.
    """
    parts = [
        _section("Decoded tokens", [sides_table(sides)] if sides else []),
        _section("Numbers", map(plain_table, tables)),
        _section("Activations", _histogram(histograms)),
        _section("Excerpts", _excerpts(excerpts, around)),
        _section("Effect of clamping", _doses(doses)),
    ]
    body = "\n".join(part for part in parts if part) or "<p>Nothing is known of this neuron yet.</p>"
    return _document(title, lead, body)


def _document(title: str, lead: str, body: str) -> str:
    name = escape(plain(title))
    intro = f'\n<p class="quiet">{escape(plain(lead))}</p>' if lead else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{name}</h1>{intro}
</header>
{body}
</main>
</body>
</html>
"""


def _section(heading: str, parts: Iterable[str]) -> str:
    text = "\n".join(parts)
    return f"<section>\n<h2>{heading}</h2>\n{text}\n</section>" if text else ""


def _histogram(views: Sequence[HistogramView]) -> Iterable[str]:
    if views:
        label = "Histogram of the neuron's activations, counts on a log scale, with quantiles"
        yield f"<figure>{inline_svg(draw_histogram(views), label, 'histogram')}</figure>"


def _doses(curves: Sequence[DoseCurve]) -> Iterable[str]:
    if curves:
        label = "Change in log-probability against the value the neuron is clamped to, with its null"
        yield f"<figure>{inline_svg(draw_dose(curves), label, 'dose')}</figure>"


def _excerpts(views: Sequence[ExcerptView], around: int) -> Iterable[str]:
    most = largest(views)
    if views:
        yield _key(most)
    groups: dict[tuple[int, str], list[ExcerptView]] = {}
    for view in views:
        groups.setdefault((view.pole, view.band), []).append(view)
    for (pole, band), found in sorted(groups.items(), key=lambda item: -item[0][0]):
        strongest_first = sorted(found, key=lambda view: -view.activation)
        items = "\n".join(_item(view, most, around) for view in strongest_first)
        name = f"{'+' if pole > 0 else '-'} side, {escape(plain(band))}"
        if band == "top":
            yield f"<h3>{name}</h3>\n<ol>\n{items}\n</ol>"
        else:
            count = f'<span class="quiet">{len(found)}</span>'
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
    return f'<p class="key quiet">hidden value {spans}</p>'
