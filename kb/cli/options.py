"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ...ingest.job import Progress
    from ..knowledge_base import KnowledgeBase
    from ..load.runs import Clash

_STORE = (
    click.option(
        "--store",
        "where",
        envvar="NEURONKB_STORE",
        metavar="FOLDER|URI",
        help="Local folder, or bolt:// or neo4j:// URI.  [default: ./.neuronkb, else the user's data directory]",
    ),
    click.option("--user", help="Neo4j user.  [env: NEURONKB_NEO4J_USER]"),
    click.option("--ask-password", is_flag=True, help="Ask for the Neo4j password.  [env: NEURONKB_NEO4J_PASSWORD]"),
    click.option("--database", help="Neo4j database.  [env: NEURONKB_NEO4J_DATABASE]"),
    click.option("--heap", envvar="NEURONKB_HEAP", help="Memory of a local store's server when it starts, such as 2g."),
)
_READING = (
    click.option("--field", help="Column or field of the texts, or a chat's messages.  [default: text, or messages]"),
    click.option("--id", help="Column or field that names each text.  [default: id, where there is one]"),
    click.option("--split", default="train", show_default=True, help="Of a data set that has several."),
    click.option(
        "--tails/--no-tails",
        default=None,
        help="Read short texts and the ends of texts.  [default: yes, unless runs over them are there without]",
    ),
)
_CLASH = (
    click.option("--replace", is_flag=True, help="Take away another run of this job on this model."),
    click.option("--alongside", is_flag=True, help="Keep another run of this job beside this one."),
)
_SCOPE = (
    click.option("--model", help="Only neurons of this model."),
    click.option("--run", help="Only evidence of this run (see neuronkb runs)."),
)
_SINK = (
    click.option(
        "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write CSV or JSON to this file, text unchanged."
    ),
    click.option(
        "--spreadsheet",
        is_flag=True,
        help="In CSV, an apostrophe before text that a spreadsheet would take for a formula: = + - @ first.",
    ),
)


class Finite(click.types.FloatParamType):
    """A number: not NaN, which passes every comparison and lifts every limit, and not infinite."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click's, finite."""
        return _finite(self, super().convert(value, param, ctx), param, ctx)


class Between(click.FloatRange):
    """A finite number in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """As click's, finite."""
        return _finite(self, super().convert(value, param, ctx), param, ctx)


def _finite(
    kind: click.ParamType[Any], found: float, param: click.Parameter | None, ctx: click.Context | None
) -> float:
    return found if math.isfinite(found) else kind.fail(f"{found!r} is not a finite number", param, ctx)


FINITE = Finite()
SEED = click.IntRange(0, 2**32 - 1)


class Numbers(click.ParamType[tuple[float, ...]]):
    """Finite numbers with commas between them, such as `example`: as many, where `counted`, and not below `least`."""

    name = "number,..."

    def __init__(self, example: str, *, counted: bool = False, least: float = -math.inf) -> None:
        self._example, self._least = example, least
        self._count = len(example.split(",")) if counted else None

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """`0.5,1` as (0.5, 1.0)."""
        if isinstance(value, tuple):
            return value
        try:
            found = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            found = (math.nan,)
        fits = all(math.isfinite(one) and one >= self._least for one in found)
        if not fits or self._count not in (None, len(found)):
            self.fail(f"{value!r} is not such as {self._example}", param, ctx)
        return found


def _apply(options: tuple[Any, ...], function: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function


def with_kb(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the store's options and hand the opened KnowledgeBase to the command as its first argument.

    A folder that is no store is refused: only commands `with_new_kb` make one.
    """
    return _with(function, create=False)


def with_new_kb(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a command that brings evidence in: it makes a store where there is none."""
    return _with(function, create=True)


def _with(function: Callable[..., Any], create: bool) -> Callable[..., Any]:
    @wraps(function)
    def command(*args: Any, where: str | None, ask_password: bool, **kwargs: Any) -> Any:
        options = {name: kwargs.pop(name) for name in ("user", "database", "heap")}
        if ask_password:
            options["password"] = click.prompt("Neo4j password", hide_input=True, err=True)
        with open_kb(where, create=create, **options) as kb:
            return function(kb, *args, **kwargs)

    return _apply(_STORE, command)


def open_kb(where: str | None, *, create: bool, **options: str | None) -> KnowledgeBase:
    """Open the knowledge base that the options name, made if `create`; what is done to one of an older release is
    shown."""
    from ..knowledge_base import KnowledgeBase

    with ExitStack() as stack:
        bars: list[Progress] = []

        def tell(step: str, done: int, total: int) -> None:
            if not bars:
                from . import output

                click.echo("the store was made by an older release: bringing it to this release's schema", err=True)
                bars.append(stack.enter_context(output.progress()))
            bars[0](step, done, total)

        return KnowledgeBase.open(where, create=create, progress=tell, **options)


def clash_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--replace and --alongside, handed on as `clash`."""

    @wraps(function)
    def command(*args: Any, replace: bool, alongside: bool, **kwargs: Any) -> Any:
        if replace and alongside:
            raise click.UsageError("give --replace or --alongside, not both")
        clash: Clash = "replace" if replace else "alongside" if alongside else "refuse"
        return function(*args, clash=clash, **kwargs)

    return _apply(_CLASH, command)


def reading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--field, --id, --split and --tails, handed on as `reading`: for every command that reads a corpus."""

    @wraps(function)
    def command(*args: Any, field: str | None, id: str | None, split: str, tails: bool | None, **kwargs: Any) -> Any:
        return function(*args, reading={"field": field, "id": id, "split": split, "tails": tails}, **kwargs)

    return _apply(_READING, command)


def sink_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--out and --spreadsheet, handed on as `sink`: for every command that can write CSV."""

    @wraps(function)
    def command(*args: Any, out: Path | None, spreadsheet: bool, **kwargs: Any) -> Any:
        from .rows import Sink

        return function(*args, sink=Sink(out, spreadsheet), **kwargs)

    return _apply(_SINK, command)


def scope_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--model and --run."""
    return _apply(_SCOPE, function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--json, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")(function)
