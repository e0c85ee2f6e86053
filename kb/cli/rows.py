"""Rows as a table, JSON, JSON lines or CSV, on standard output or into a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ...queries import Result, plain
from ...schema.visible import marked
from . import output

_FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
"""Text that a spreadsheet takes for a formula, also behind blanks that it drops, and in full width."""


@dataclass(frozen=True)
class Sink:
    """Where raw rows go: standard output, or the file `out`."""

    out: Path | None = None
    spreadsheet: bool = False
    """CSV for a spreadsheet: no text in it is a formula."""

    def check(self, form: str) -> None:
        """Raises UsageError where the format cannot go this way."""
        if self.out is not None and form == "table":
            raise click.UsageError("--out takes csv, json or jsonl; a table is for the terminal")
        if self.spreadsheet and form != "csv":
            raise click.UsageError("--spreadsheet goes with CSV")

    def write(self, text: str) -> None:
        """The text as it is into the file; on standard output with marks, and then a word about them."""
        if self.out is not None:
            output.write_text(self.out, text)
            return
        click.echo(text, nl=False)
        if marked(text) != text:
            click.echo("characters that are not seen stand as marks, such as <U+001B>; --out FILE keeps them", err=True)


def emit(found: Result, form: str, sink: Sink) -> None:
    """A result in one of the four formats."""
    if form == "table":
        output.console().print(output.table(found.columns, [[plain(value) for value in row] for row in found.rows]))
    elif form == "csv":
        sink.write(csv_text(found.columns, [[plain(value) for value in row] for row in found.rows], sink.spreadsheet))
    elif form == "json":
        sink.write(output.json_text(found.dicts(), indent=2) + "\n")
    else:
        sink.write("".join(output.json_text(row) + "\n" for row in found.dicts()))
    output.say_corpora(found.corpora, err=form != "table")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]], spreadsheet: bool = False) -> str:
    """CSV with a head; lists and dicts as JSON.

    For a `spreadsheet`, text that it would take for a formula gets an apostrophe before it, and all text is quoted, so
    that no other separator than the comma makes a cell; numbers stay.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC if spreadsheet else csv.QUOTE_MINIMAL)
    for row in (columns, *rows):
        writer.writerow([_cell(value, spreadsheet) for value in row])
    return text.getvalue()


def _cell(value: Any, spreadsheet: bool) -> Any:
    if isinstance(value, list | dict):
        value = output.json_text(value)
    if spreadsheet and isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
