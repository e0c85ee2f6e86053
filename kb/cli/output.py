"""Tables, JSON and progress bars."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

    from ...ingest.job import Progress
    from ..load.loader import LoadReport


SHORT = 18
"""Characters of a cell that is never broken over lines."""


def console(stderr: bool = False) -> Console:
    """A rich console that reads neither markup nor control characters in data."""
    from .screen import Screen

    return Screen(stderr)


def emit_json(value: Any) -> None:
    """Records as JSON on standard output."""
    click.echo(json_text(value, indent=2))


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
    columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None, least: Sequence[int] = ()
) -> Table:
    """A table that fits the terminal: numbers to the right, long text folded in its last column, or wherever a column
    may be broken to its `least` width."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from ...schema.visible import plain

    body = [[cell(value) for value in row] for row in rows]
    heading = Text(plain(title)) if title else None
    made = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for i, name in enumerate(columns):
        number = bool(body) and all(_is_number(row[i]) for row in body)
        width = max((len(row[i]) for row in body), default=0)
        narrowest = least[i] if least else width if width <= SHORT else None
        made.add_column(Text(plain(name)), justify="right" if number else "left", overflow="fold", min_width=narrowest)
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


def show(value: Any, tables: Table | list[Any], as_json: bool) -> None:
    """Records as JSON, or their tables."""
    if as_json:
        emit_json(value)
        return
    out = console()
    for part in tables if isinstance(tables, list) else [tables]:
        out.print(part)


def say_corpora(named: Mapping[str, str], err: bool) -> None:
    """What the corpora of some runs are called, where they are several."""
    from ...queries.result.corpora import corpora_line

    if len(set(named.values())) > 1:
        console(stderr=err).print(corpora_line(named), soft_wrap=True, markup=False, highlight=False)


def write_text(path: Path, text: str) -> None:
    """Write a file and say so on standard error."""
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise click.ClickException(f"{str(path)!r} cannot be written: {error.strerror}; choose another place") from None
    console(stderr=True).print(f"written: {path}", soft_wrap=True)


KEPT = "neuronkb query \"MATCH (n {run: 'keepsakes'}) RETURN labels(n), n.id\""
"""What shows the nodes that outlived their run."""


def kept_line(kept: Mapping[str, int]) -> str:
    """What stayed of runs that were taken away, and where it is seen."""
    named = ", ".join(f"{nodes:,} {label}" for label, nodes in kept.items())
    return f"kept of runs that were taken away, as people put something in or cite it: {named}; see {KEPT}"


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
        click.echo(f"replaced: {run} was taken away, {found.deleted.get(run, 0):,} rows")
    if found.kept:
        click.echo(kept_line(found.kept))
    if found.beside:
        runs = [f"{run} on {found.corpora[run]}" if run in found.corpora else run for run in found.beside]
        texts = f"beside it, over other texts: {', '.join(runs)} (neuronkb store remove RUN takes one away)"
        console().print(texts, soft_wrap=True, markup=False, highlight=False)
    for note in found.notes:
        console().print(note, soft_wrap=True, markup=False, highlight=False)
    if found.same_as:
        console().print(f"the same weights under another name: copied from {found.same_as}", soft_wrap=True)
