"""Tables, JSON and progress bars."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from ...ingest.job import Progress
    from ..loader import LoadReport


SHORT = 18
"""Characters of a cell that is never broken over lines."""


def console(stderr: bool = False) -> Console:
    """A rich console that never reads markup in data."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def emit_json(value: Any) -> None:
    """Records as JSON on standard output."""
    click.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> Table:
    """A table that fits the terminal: numbers to the right, long text folded in its last column."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    body = [[cell(value) for value in row] for row in rows]
    heading = Text(title) if title else None
    made = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for i, name in enumerate(columns):
        number = bool(body) and all(_is_number(row[i]) for row in body)
        width = max((len(row[i]) for row in body), default=0)
        least = width if width <= SHORT else None
        made.add_column(Text(name), justify="right" if number else "left", overflow="fold", min_width=least)
    for row in body:
        made.add_row(*(Text(value) for value in row))
    return made


def cell(value: Any) -> str:
    """A value as table text: floats to four significant digits, lists joined."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return str(value).replace("\n", "⏎").replace("\t", "⇥").replace("\r", "␍")


def words(tokens: Iterable[str]) -> str:
    """Token texts on one line: stripped, line breaks and tabs made visible, empty ones quoted."""
    return " · ".join(cell(token).strip() or repr(token) for token in tokens)


def pole(value: int) -> str:
    """A pole as its sign."""
    return "+" if value > 0 else "-"


def _is_number(text: str) -> bool:
    try:
        float(text.rstrip("%") or "nan")
    except ValueError:
        return False
    return True


@contextmanager
def progress() -> Iterator[Progress]:
    """A progress bar a step on standard error; the finished steps stay on screen. Nothing when not a terminal."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    tasks: dict[str, Any] = {}

    def tell(step: str, done: int, total: int) -> None:
        if step not in tasks:
            for other in tasks.values():
                bars.remove_task(other)
            tasks.clear()
            tasks[step] = bars.add_task(step, total=total)
        bars.update(tasks[step], completed=done, total=total)

    with bars:
        yield tell


def show(value: Any, tables: Table | list[Any], as_json: bool) -> None:
    """Records as JSON, or their tables."""
    if as_json:
        emit_json(value)
        return
    out = console()
    for part in tables if isinstance(tables, list) else [tables]:
        out.print(part)


def write_text(path: Path, text: str) -> None:
    """Write a file and say so on standard error."""
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise click.ClickException(f"{str(path)!r} cannot be written: {error.strerror}; choose another place") from None
    console(stderr=True).print(f"written: {path}", soft_wrap=True)


def report(found: LoadReport, as_json: bool) -> None:
    """What a load wrote and what was there already."""
    if as_json:
        emit_json(found)
        return
    rows = [(name, f"{new:,}", f"{found.known.get(name, 0):,}") for name, new in found.created.items()]
    console().print(table(("table", "new", "already there"), rows, f"run {found.run}"))
    for name, count in found.left_out.items():
        click.echo(f"left out: {count:,} {name} about findings that are not in this store; add them and load again")
    for run in found.replaced:
        click.echo(f"replaced: {run} was taken away")
