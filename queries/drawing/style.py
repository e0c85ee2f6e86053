"""The stylesheets: plain, readable in light and dark, nothing fetched."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

CLASS = "neuronkb"
"""of the element around what is drawn: no rule of `section_style` touches anything outside it"""


def section_style() -> str:
    """Rules for sections, for a page that has ink and paper of its own."""
    return _read("style.css")


def page_style() -> str:
    """Rules for a whole page: its ink and paper too."""
    return _read("page.css") + section_style()


@cache
def _read(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")
