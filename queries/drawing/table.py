"""A section's rows: a table, names with their values, or lines."""

from __future__ import annotations

from html import escape
from itertools import zip_longest
from typing import Any

from ...schema.visible import plain
from ..result.section import Section, Tokens
from .excerpt import token_html
from .links import Link, linked, no_link

CELL = 300
"""Characters of a cell that are shown; the whole text is its tooltip."""
FACTS = ("", " ")
LINES = ("",)


def rows_html(section: Section, link: Link = no_link) -> str:
    """What the section's columns ask for."""
    if section.columns == LINES:
        return _lines(section, link)
    if section.columns == FACTS:
        rows = "\n".join(
            f'<tr><th scope="row">{escape(number(name))}</th>{_cell(value, str(name), link)}</tr>'
            for name, value in section.rows
        )
        return f'<div class="scroll"><table><tbody>\n{rows}\n</tbody></table></div>'
    return _table(section, link)


def number(value: object) -> str:
    """A cell as text: floats to four significant digits, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return plain(str(value))


def _table(section: Section, link: Link) -> str:
    numbers = [all(_is_number(row[i]) for row in section.rows) for i in range(len(section.columns))]
    head = "".join(
        f'<th scope="col"{_mark(is_number)}>{escape(plain(name))}</th>'
        for name, is_number in zip(section.columns, numbers, strict=True)
    )
    body = "\n".join(
        f"<tr>{''.join(_cell(value, name, link) for name, value in zip(section.columns, row, strict=True))}</tr>"
        for row in section.rows
    )
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


def _lines(section: Section, link: Link) -> str:
    texts = [str(row[0]) for row in section.rows]
    if section.verbatim:
        return f"<pre>{escape(chr(10).join(map(plain, texts)))}</pre>"
    return "\n".join(f'<p dir="auto">{linked(escape(plain(text)), link("", text))}</p>' for text in texts)


def _cell(value: Any, column: str, link: Link) -> str:
    if isinstance(value, Tokens):
        tokens = zip_longest(value.texts, value.notes[: len(value.texts)])
        return f'<td class="tokens" dir="auto">{" ".join(_token(*token, column, link) for token in tokens)}</td>'
    shown = number(value)
    address = None if value is None or isinstance(value, bool | float) else link(column, str(value))
    if _is_number(value):
        return f'<td class="n">{linked(shown, address)}</td>'
    if len(shown) <= CELL:
        return f'<td dir="auto">{linked(escape(shown), address)}</td>'
    return f'<td dir="auto" title="{escape(shown)}">{linked(escape(shown[:CELL]) + "…", address)}</td>'


def _token(text: str, note: str | None, column: str, link: Link) -> str:
    title = f' title="{escape(plain(note))}"' if note else ""
    return linked(f'<bdi class="token"{title}>{token_html(text)}</bdi>', link(column, text))


def _mark(is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
