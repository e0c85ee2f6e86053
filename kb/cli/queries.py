"""neuronkb queries run: a command a query, with that query's own parameters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from ..nouns.queries import Queries
from ..place import Place, default_store
from ..verb import Verb
from .command import SHOW, STORE, opened_by, read
from .emit import Sink, emit

if TYPE_CHECKING:
    from ...queries import Query
    from ...queries.catalogue.parameter import Parameter


class Named(click.Group):
    """Made from each query's header when asked for. Those of the package alone are listed, as which store is meant
    stands behind the name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The catalogue's."""
        from ...queries import public

        return list(public())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of the catalogue's."""
        from ...queries import catalogue

        found = catalogue().get(cmd_name)
        return None if found is None else _command(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """One's own too, of the store that the other words name."""
        if not args or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        from ...queries.catalogue.own import OwnQueries

        asked = OwnQueries(_place(args[1:]).queries).query(args[0])
        return asked.name, _command(asked), args[1:]


def _place(words: Sequence[str]) -> Place:
    """Where the store lies that a command's words name, before they are read as its options."""
    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    reader = click.Command("place", params=[STORE[0]], add_help_option=False, context_settings=settings)
    return Place(reader.make_context("place", list(words)).params["where"] or default_store())


def _command(query: Query) -> click.Command:
    """A command with an option a parameter, and those that every command has."""
    shared = [param for param in _verb_options() if param.name in ("timeout", "limit")]
    return click.Command(
        query.name,
        params=[*map(_option, query.parameters), *shared, *STORE, *SHOW],
        callback=partial(_ask, query),
        help=f"{query.purpose}\n\nColumns: {', '.join(query.header.columns)}.",
    )


def _verb_options() -> list[click.Parameter]:
    from .command import VerbCommand

    return VerbCommand(Verb("queries", Queries.run)).params


def _ask(query: Query, **values: Any) -> None:
    sink = Sink.of(values["save"], "json" if values["as_json"] else values["form"], values["spreadsheet"])
    given = {p.name: values[p.name] for p in query.parameters if values[p.name] not in (None, ())}
    limits = Verb("queries", Queries.run).plain
    asked = {name: read(limits[name], values[name]) for name in ("timeout", "limit") if values[name] is not None}
    with opened_by(values) as session:
        answer = Queries(session).run(query.name, given, **asked)
    emit(answer, sink)


def _option(parameter: Parameter) -> click.Option:
    kinds: dict[str, click.ParamType[Any]] = {"int": click.INT, "float": click.FLOAT, "bool": click.BOOL}
    kind = kinds.get(parameter.item, click.STRING)
    if parameter.choices and parameter.item not in kinds:
        kind = click.Choice([str(choice) for choice in parameter.choices])
    doc = parameter.doc[0].upper() + parameter.doc[1:]
    if parameter.many:
        doc += "; may be given several times"
    elif not parameter.required and parameter.default is not None:
        doc += f"; {parameter.default} unless given"
    return click.Option(
        [f"--{parameter.name.replace('_', '-')}", parameter.name],
        type=kind,
        required=parameter.required,
        multiple=parameter.many,
        help=f"{doc}.",
    )


command = Named(
    "run",
    help="Rows of a query by NAME; `neuronkb queries run NAME --help` shows its parameters.",
    subcommand_metavar="NAME [--parameter VALUE]...",
)
