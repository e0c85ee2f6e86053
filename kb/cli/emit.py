"""An answer on the terminal, as JSON, CSV, Markdown or a page, on standard output or in a file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ...queries.result.record import Record

FORMATS = ("table", "json", "jsonl", "csv", "md", "html")
PICTURES = ("svg", "png")
_FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
"""Text that a spreadsheet takes for a formula, also behind blanks that it drops, and in full width."""


@dataclass(frozen=True)
class Sink:
    """Where an answer goes, and in which format."""

    form: str = "table"
    file: Path | None = None
    spreadsheet: bool = False
    """In CSV no text is a formula."""

    @classmethod
    def of(cls, file: Path | None, form: str, spreadsheet: bool) -> Sink:
        """The suffix of a file decides its format. Raises UsageError for one that says nothing."""
        if file is not None:
            suffix = file.suffix.lower().removeprefix(".")
            if suffix not in (*FORMATS[1:], *PICTURES):
                known = ", ".join(f".{name}" for name in (*FORMATS[1:], *PICTURES))
                raise click.UsageError(f"--save {str(file)!r} has the suffix {file.suffix!r}; expected one of {known}")
            form = suffix
        if spreadsheet and form != "csv":
            raise click.UsageError("--spreadsheet goes with CSV: --format csv, or --save FILE.csv")
        return cls(form, file, spreadsheet)


def emit(answer: Record, sink: Sink) -> None:
    """Show an answer, or write it to its file; its warnings go to standard error."""
    from . import output

    if sink.form in PICTURES:
        _draw(answer, sink)
    elif sink.file is not None:
        output.write_text(sink.file, written(answer, sink))
    elif sink.form == "table":
        from .sections import drawn

        screen = output.console()
        for part in drawn(answer.title, answer.lead, answer.sections()):
            screen.print(part, crop=False)
    else:
        _echo(written(answer, sink), marks=sink.form not in ("json", "jsonl"))
    if sink.form in ("csv", "jsonl") and answer.lead:  # which have no place for it
        click.echo(output.cell(answer.lead), err=True)
    _warn(answer)


def emit_early(answer: Record, sink: Sink) -> None:
    """What is there already of an answer that takes long: shown on a terminal, of a file and of JSON only its
    warnings, since these are to hold one answer."""
    if sink == Sink():
        emit(answer, sink)
    else:
        _warn(answer)


def _warn(answer: Record) -> None:
    from . import output

    for warning in answer.warnings:
        click.echo(f"Warning: {output.cell(warning)}", err=True)


def written(answer: Record, sink: Sink) -> str:
    """The answer as text in one of the formats but the terminal's."""
    from . import output

    if sink.form == "json":
        return output.json_text(answer.json(), indent=2) + "\n"
    if sink.form == "md":
        return answer.markdown()
    if sink.form == "html":
        from ...queries.drawing.page import record_page

        return record_page(answer.title, answer.lead, answer.sections())
    columns, rows = answer.table()
    if sink.form == "csv":
        return csv_text(columns, rows, sink.spreadsheet)
    return "".join(output.json_text(dict(zip(columns, row, strict=True))) + "\n" for row in rows)


def _draw(answer: Record, sink: Sink) -> None:
    from ...queries.drawing.drawn import draw
    from ...queries.drawing.save import save
    from . import output

    pictures = [section.picture for section in answer.sections() if section.picture is not None]
    drawings = [made for picture in pictures if (made := draw(picture, answer.title)) is not None]
    if not drawings or sink.file is None:
        raise click.UsageError("this answer has no picture; --save it as .html, .md, .csv or .json")
    save(drawings[0], sink.file)
    output.console(stderr=True).print(f"written: {sink.file}", soft_wrap=True)


def _echo(text: str, marks: bool) -> None:
    from ...schema.visible import marked

    click.echo(text, nl=False)
    if marks and marked(text) != text:
        click.echo("characters that are not seen stand as marks, such as <U+001B>; --save FILE keeps them", err=True)


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
    from . import output

    if isinstance(value, list | tuple | dict):
        value = output.json_text(value)
    if spreadsheet and isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    return value
