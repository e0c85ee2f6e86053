"""A record's sections as HTML, and their pictures as SVG, by the standard library alone.

Functions from records to text; nothing here asks a store.
"""

from __future__ import annotations

from .links import Link
from .page import record_html, record_page, sections_html
from .section import section_html
from .style import CLASS, page_style, section_style

__all__ = [
    "CLASS",
    "Link",
    "page_style",
    "record_html",
    "record_page",
    "section_html",
    "section_style",
    "sections_html",
]
