"""The tables of a page."""

from __future__ import annotations

from html import escape
from itertools import zip_longest

from ...queries.result.section import Section, Tokens
from ...schema.visible import plain
from .excerpt import token_html


def table(section: Section) -> str:
    """A head and cells; a column of numbers stands to the right, tokens have what is known of them as tooltips."""
    numbers = [all(_is_number(row[i]) for row in section.rows) for i in range(len(section.columns))]
    heads = zip(section.columns, numbers, strict=True)
    marked = ((escape(plain(name)), ' class="n"' if is_number else "") for name, is_number in heads)
    head = "".join(f'<th scope="col"{mark}>{name}</th>' for name, mark in marked)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in section.rows)
    return f'<div class="scroll"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>'


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


def _cell(value: object) -> str:
    if isinstance(value, Tokens):
        spans = (_token(text, note or "") for text, note in zip_longest(value.texts, value.notes))
        return f'<td class="tokens" dir="auto">{" ".join(spans)}</td>'
    mark = ' class="n"' if _is_number(value) else ""
    return f"<td{mark}>{escape(number(value))}</td>"


def _token(text: str, note: str) -> str:
    title = f' title="{escape(plain(note))}"' if note else ""
    return f'<span class="token"{title}>{token_html(text)}</span>'


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
