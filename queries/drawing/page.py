"""A record as HTML: part of a notebook, or one file that holds all it shows and fetches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ...schema.visible import plain
from ..result.section import Excerpts, Section
from .excerpt import largest
from .links import Link, no_link
from .section import section_html
from .style import CLASS, page_style, section_style

# Nothing on the page is a program or comes from elsewhere; a browser holds it to that.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def record_html(title: str, lead: str = "", sections: Sequence[Section] = ()) -> str:
    """A record for a notebook: its rules reach nothing around it, and its ink is the notebook's."""
    head = f"<h2>{escape(plain(title))}</h2>" if title else ""
    intro = f'<p class="quiet">{escape(plain(lead))}</p>' if lead else ""
    body = sections_html(sections, named=False, level=3)
    return f'<div class="{CLASS}"><style>\n{section_style()}</style>\n{head}{intro}\n{body}\n</div>'


def record_page(title: str, lead: str = "", sections: Sequence[Section] = (), link: Link = no_link) -> str:
    """A whole HTML document of a record's sections, each with its table and its picture."""
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
{page_style()}</style>
</head>
<body>
<main class="{CLASS}">
<header>
<h1>{name}</h1>{intro}
</header>
{sections_html(sections, link=link)}
</main>
</body>
</html>
"""


def sections_html(sections: Sequence[Section], *, link: Link = no_link, named: bool = True, level: int = 2) -> str:
    """Sections under one another, `s0` and so on, the colours of all their excerpts relative to the strongest."""
    most = largest(view for each in sections if isinstance(each.picture, Excerpts) for view in each.picture.views)
    return "\n".join(
        section_html(section, f"s{number}" if named else "", link=link, most=most, level=level)
        for number, section in enumerate(sections)
    )
