"""Addresses that cells and pictures lead to."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

from ...schema import PictureError

Link = Callable[[str, str], str | None]
"""(column, text of a cell) -> the address it leads to, or None. The column of a fact is its name."""
_ADDRESS = re.compile(r"(?:https?://|(?![^/?#]*:))[^\s\x00-\x1f\x7f]+")
"""What has a colon before its path, its question and its place is of a scheme, such as javascript."""


def no_link(column: str, text: str) -> str | None:
    """Nothing leads anywhere."""
    return None


def linked(markup: str, address: str | None) -> str:
    """Markup that leads to an address, or as it is. Raises PictureError for an address that a browser would run."""
    return markup if address is None else f'<a href="{escape(checked(address))}">{markup}</a>'


def checked(address: str) -> str:
    """A web address, or one relative to the page. Raises PictureError for any other."""
    if not _ADDRESS.fullmatch(address):
        raise PictureError(f"{address!r} is no address for a page; expected http, https or a path")
    return address
