"""A command made from a verb: its arguments and options, what it asks, and how its answer is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from ..parameter import Misread, Parameter
from ..verb import Verb
from .emit import FORMATS, Sink, emit, emit_early

if TYPE_CHECKING:
    from ...ingest.progress import Progress
    from ..session import Session

STORE = (
    click.Option(
        ["--store", "where"],
        envvar="NEURONKB_STORE",
        metavar="FOLDER|URI",
        help="Local folder, or bolt:// or neo4j:// URI.  [default: ./.neuronkb, else the user's data directory]",
    ),
    click.Option(["--user"], help="Neo4j user.  [env: NEURONKB_NEO4J_USER]"),
    click.Option(["--ask-password"], is_flag=True, help="Ask for the Neo4j password.  [env: NEURONKB_NEO4J_PASSWORD]"),
    click.Option(["--database"], help="Neo4j database.  [env: NEURONKB_NEO4J_DATABASE]"),
    click.Option(["--heap"], envvar="NEURONKB_HEAP", help="Memory of a local store's server when it starts: 2g."),
)
SHOW = (
    click.Option(
        ["--format", "form"],
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="How the answer is written.",
    ),
    click.Option(["--json", "as_json"], is_flag=True, help="The same as --format json."),
    click.Option(
        ["--save"],
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Write it to a file instead: .json, .jsonl, .csv, .md, .html, or its picture as .svg or .png.",
    ),
    click.Option(
        ["--spreadsheet"],
        is_flag=True,
        help="In CSV, an apostrophe before text that a spreadsheet would take for a formula: = + - @ first.",
    ),
)
_OWN = {option.name for option in (*STORE, *SHOW)}


class VerbCommand(click.Command):
    """A command whose rare options `--help-all` shows."""

    def __init__(self, verb: Verb) -> None:
        self.verb = verb
        asked = {} if verb.marks.needs == "nothing" else {option.name: option for option in STORE}
        if verb.marks.needs == "place":
            asked = {"where": STORE[0]}
        params: list[click.Parameter] = [_asked(parameter) for parameter in verb.parameters]
        params += [option for option in (*asked.values(), *SHOW) if option.opts[0] not in _opts(params)]
        if any(parameter.advanced for parameter in verb.parameters):
            params.append(
                click.Option(
                    ["--help-all"],
                    is_flag=True,
                    is_eager=True,
                    expose_value=False,
                    callback=_help_all,
                    help="Show this message with the options that are seldom needed.",
                )
            )
        super().__init__(verb.name, params=params, callback=self._run, help=verb.words, short_help=verb.line)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the verb takes, then what every command has."""
        asked = [(_metavar(one), _help(one)) for one in self.verb.parameters if one.positional]
        common = {option.opts[0] for option in (*STORE, *SHOW)}
        own: list[tuple[str, str]] = []
        every: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None:
                (every if param.opts[0] in common else own).append(record)
        for heading, rows in (("Arguments", asked), ("Options", own), ("Store and answer", every)):
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def _run(self, **values: Any) -> None:
        context = click.get_current_context()
        given = {
            parameter.name: read(parameter, values[parameter.name])
            for parameter in self.verb.parameters
            if context.get_parameter_source(parameter.name) is not ParameterSource.DEFAULT
        }
        sink = Sink.of(
            values.get("save"), "json" if values["as_json"] else values.get("form", "table"), values["spreadsheet"]
        )
        from ..doors import ask

        with opened_by(values, self.verb.marks.begins) as session:
            session.early = lambda answer: _between(session, lambda: emit_early(answer, sink))
            answer = ask(self.verb, session, given)
        emit(answer, sink)
        if not answer.ok:
            context.exit(1)


@contextmanager
def opened_by(values: Mapping[str, Any], create: bool = False) -> Iterator[Session]:
    """The session that the store's options name: opened when it is first needed, with bars once something takes
    long."""
    from ..session import Session

    options = {name: values.get(name) for name in ("user", "database", "heap")}
    if values.get("ask_password"):
        options["password"] = click.prompt("Neo4j password", hide_input=True, err=True)
    bars = Bars()
    with ExitStack() as stack:
        session = Session.at(values.get("where"), create=create, progress=bars, migrating=_migrating, **options)
        stack.callback(session.close)
        stack.callback(bars.close)
        yield session


def _between(session: Session, say: Callable[[], None]) -> None:
    """Say something while no bars are drawn: they stand in the place of both streams."""
    if isinstance(session.progress, Bars):
        session.progress.close()
    say()


def _migrating() -> None:
    click.echo("the store was made by an older release: bringing it to this release's schema", err=True)


class Bars:
    """Progress that draws its bars when it is told of anything, until it is closed."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._drawn: Progress | None = None

    def __call__(self, step: str, done: int, total: int) -> None:
        if self._drawn is None:
            from . import output

            self._drawn = self._stack.enter_context(output.progress())
        self._drawn(step, done, total)

    def close(self) -> None:
        """Take the bars away; the next step draws new ones."""
        self._drawn = None
        self._stack.close()


def _opts(params: list[click.Parameter]) -> set[str]:
    return {name for param in params for name in param.opts}


def _asked(parameter: Parameter) -> click.Parameter:
    """A parameter as an argument, where a call may give it by its place, else as an option."""
    kind = _Value(parameter)
    if parameter.positional:
        return click.Argument(
            [parameter.name],
            type=kind,
            nargs=-1 if parameter.many else 1,
            required=parameter.required,
            metavar=_metavar(parameter),
        )
    if parameter.type == "flag":
        pair = parameter.default is not False
        name = f"{parameter.option}/--no-{parameter.option[2:]}" if pair else parameter.option
        return click.Option(
            [name, parameter.name],
            is_flag=True,
            default=parameter.default,
            help=_help(parameter),
            hidden=parameter.advanced,
        )
    return click.Option(
        [parameter.option, parameter.name],
        type=kind,
        multiple=parameter.type == "pairs" or parameter.many,
        required=parameter.required,
        metavar=kind.metavar,
        help=_help(parameter),
        hidden=parameter.advanced,
    )


def _metavar(parameter: Parameter) -> str:
    """Of an argument: `MODEL`, `[ID]`, `FILE...`; two of one kind are told apart by their names."""
    named = parameter.name.rstrip("_").replace("_", "-").upper()
    name = parameter.kind.metavar if parameter.kind and parameter.kind.metavar not in ("MODEL", "PATH") else named
    several = f"{name}..." if parameter.many else name
    return several if parameter.required else f"[{several}]"


def _help(parameter: Parameter) -> str:
    default, words = parameter.default, parameter.words
    untold = parameter.required or default is None or default is False or default in ((), "")
    return f"{words[:1].upper()}{words[1:]}." + ("" if untold else f"  [default: {_text(default)}]")


def _text(default: Any) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple | list):
        return ",".join(map(_text, default))
    return f"{default:g}" if isinstance(default, float) else str(default)


class _Value(click.ParamType[Any]):
    """A text for now: the parameter reads it, as in every door."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self.name = parameter.type

    @property
    def metavar(self) -> str:
        """What stands for the value in help."""
        one = self.parameter
        if one.choices:
            return f"[{'|'.join(one.choices)}]" + (",..." if one.many else "")
        if one.kind is not None:
            return one.kind.metavar
        name = {"whole": "N", "number": "X", "path": "FILE", "pairs": "NAME=VALUE"}.get(one.type, "TEXT")
        return f"{name},..." if one.listed else name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """As it is."""
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Choices, files, and names of the store from the list beside it."""
        from .complete import completions

        return completions(self.parameter, ctx, incomplete)


def read(parameter: Parameter, value: Any) -> Any:
    """The value as the verb takes it. Raises BadParameter."""
    try:
        return parameter.read(value)
    except Misread as error:
        name = parameter.name.upper() if parameter.positional else parameter.option
        raise click.BadParameter(str(error), param_hint=f"'{name}'") from None


def _help_all(context: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        for option in context.command.params:
            if isinstance(option, click.Option):
                option.hidden = False
        click.echo(context.get_help(), color=context.color)
        context.exit()
