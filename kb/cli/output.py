"""Tables, JSON and progress bars."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

import click

from ..place import WAITING
from .guard import guarded

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

    from ...ingest.progress import Progress


SHORT = 18
"""Characters of a cell that is never broken over lines."""


def console(stderr: bool = False) -> Console:
    """A rich console that reads neither markup nor control characters in data."""
    from .screen import Screen

    return Screen(stderr)


def json_text(value: Any, indent: int | None = None) -> str:
    r"""JSON with `\u202e` for what would steer a terminal: the same data, whatever reads it."""
    from ...schema.visible import escaped

    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    return escaped(json.dumps(value, default=_plain, ensure_ascii=not unicode, indent=indent))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None, widths: Sequence[int] = ()
) -> Table:
    """A table that fits the terminal: numbers to the right, long text folded in its last column, or in each column to
    one of `widths`. Without a head where no column has a name."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from ...schema.visible import plain

    body = [[cell(value) for value in row] for row in rows]
    heading = Text(plain(title)) if title else None
    shape: Any = {"box": box.SIMPLE_HEAD, "pad_edge": False, "collapse_padding": True}
    made = Table(title=heading, title_justify="left", show_header=any(map(str.strip, columns)), **shape)
    for i, name in enumerate(columns):
        number = bool(body) and all(_is_number(row[i]) for row in body)
        width = max((len(row[i]) for row in body), default=0)
        fixed = widths[i] if widths else None
        narrowest = None if widths or width > SHORT else width
        side: Any = "right" if number else "left"
        made.add_column(Text(plain(name)), justify=side, overflow="fold", width=fixed, min_width=narrowest)
    for row in body:
        made.add_row(*(Text(value) for value in row))
    return made


def cell(value: Any) -> str:
    """A value as table text on one line: floats to four significant digits, lists as JSON, unseen characters marked."""
    from ...schema.visible import plain

    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple | dict):
        return plain(json.dumps(value, ensure_ascii=False, default=_plain))
    return plain(str(value))


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
    """A progress bar a step on standard error; the finished steps stay on screen.

    Where that is no terminal, nothing but whom a command waits for, a line each.
    """
    import threading

    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    bars = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    tasks: dict[str, Any] = {}
    turn = threading.Lock()  # a job computes in one thread and loads in another

    def tell(step: str, done: int, total: int) -> None:
        with turn:
            if step not in tasks:
                for other in tasks.values():
                    bars.remove_task(other)
                tasks.clear()
                tasks[step] = bars.add_task(cell(step), total=total)
                if bars.disable and step.startswith(WAITING):
                    click.echo(step, err=True)
            bars.update(tasks[step], completed=done, total=total)

    # While they are drawn rich puts itself in the place of both streams, and would read colours in what is said.
    with bars, guarded():
        yield tell


def write_text(path: Path, text: str) -> None:
    """Write a file and say so on standard error."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise click.ClickException(f"{str(path)!r} cannot be written: {error.strerror}; choose another place") from None
    console(stderr=True).print(f"written: {path}", soft_wrap=True)
