"""A record's page: one HTML file that holds all it shows and fetches nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from ...queries.result.picture import ExcerptView
from ...queries.result.section import Doses, Excerpts, Histograms, Picture, Section
from ...schema.visible import plain
from .dose import draw_dose
from .excerpt import excerpt_html, largest, signed
from .figure import inline_svg
from .histogram import draw_histogram
from .style import STYLE
from .tables import table
from .tint import css

AROUND = 32
"""Tokens of an excerpt shown each side of its strongest."""
# Nothing on the page is a program or comes from elsewhere; a browser holds it to that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def record_page(title: str, lead: str = "", sections: Sequence[Section] = (), around: int = AROUND) -> str:
    """A whole HTML document of a record's sections, each with its table and its picture.

    Excerpts stand by pole and band, in the order that bands first come in, strongest first within; colours are
    relative to the strongest of them all. Raises PictureError when a picture is asked for without matplotlib.
    """
    excerpts = [view for each in sections if isinstance(each.picture, Excerpts) for view in each.picture.views]
    most = largest(excerpts)
    parts, key = [], _key(most) if excerpts else ""
    for number, each in enumerate(sections):
        drawn = [table(each)] if each.rows else []
        if each.picture is not None:
            drawn += _picture(each.picture, f"s{number}", most, around, key)
            key = "" if isinstance(each.picture, Excerpts) else key
        parts.append(f"<section>\n<h2>{escape(plain(each.caption))}</h2>\n" + "\n".join(drawn) + "\n</section>")
    return _document(title, lead, "\n".join(parts))


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


def _picture(found: Picture, name: str, most: float, around: int, key: str) -> Iterable[str]:
    """`name` begins the ids of what is drawn; `key` says what colours mean, before the first excerpts."""
    if isinstance(found, Excerpts):
        yield key
        yield from _excerpts(found.views, most, around)
    elif isinstance(found, Histograms):
        label = "Histogram of the neuron's activations, counts on a log scale, with quantiles"
        yield f"<figure>{inline_svg(draw_histogram(found.views), label, name)}</figure>"
    elif isinstance(found, Doses):
        label = "Change in log-probability against the value the neuron is clamped to, with its null"
        yield f"<figure>{inline_svg(draw_dose(found.curves), label, name)}</figure>"


def _excerpts(views: Sequence[ExcerptView], most: float, around: int) -> Iterable[str]:
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
