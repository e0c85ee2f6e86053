"""neuronkb queries: the catalogue, listed, shown and asked by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .options import FINITE, Between, json_option, sink_options, with_kb

if TYPE_CHECKING:
    from ...queries import Query
    from ...queries.catalogue.parameter import Parameter
    from ..knowledge_base import KnowledgeBase
    from .rows import Sink


@click.group()
def queries() -> None:
    """Named queries: what there is to ask, and the answers."""


@queries.command("list")
@click.argument("words", nargs=-1)
@json_option
def list_(words: tuple[str, ...], as_json: bool) -> None:
    """The queries, or those whose name or purpose has all of WORDS."""
    from ...queries import public
    from . import output

    found = [
        each for each in public().values() if all(w.lower() in f"{each.name} {each.purpose}".lower() for w in words)
    ]
    if not found:
        raise click.ClickException(f"no query says {' '.join(words)!r}; neuronkb queries list shows all")
    rows = [(each.name, ", ".join(p.name if p.required else f"[{p.name}]" for p in each.parameters)) for each in found]
    purposes = [each.purpose.split(". ")[0].rstrip(".") for each in found]
    output.show(
        [record(each) for each in found],
        output.table(
            ("query", "parameters", "what it answers"), [(*row, what) for row, what in zip(rows, purposes, strict=True)]
        ),
        as_json,
    )


@queries.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """A query's text: paste it anywhere, its head comment is its help."""
    from ...queries import query
    from . import output

    found = query(name)
    if as_json:
        output.emit_json(record(found))
    else:
        click.echo(found.cypher)


class _Named(click.Group):
    """One command a query, made from its header when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from ...queries import public

        return list(public())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from ...queries import catalogue

        found = catalogue().get(cmd_name)
        return None if found is None else _command(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from ...queries import query

        if args and not args[0].startswith("-"):
            query(args[0])
        return super().resolve_command(ctx, args)


@queries.group("run", cls=_Named, subcommand_metavar="NAME [--parameter VALUE]...")
def run() -> None:
    """Ask a query by NAME; `neuronkb queries run NAME --help` shows its parameters."""


def record(found: Query) -> dict[str, Any]:
    """All of a query as JSON has it."""
    parameters = [
        {
            "name": p.name,
            "type": p.type,
            "required": p.required,
            **({} if p.required else {"default": p.default}),
            "choices": list(p.choices),
            "what": p.doc,
        }
        for p in found.parameters
    ]
    head = found.header
    return {
        "name": found.name,
        "purpose": found.purpose,
        "parameters": parameters,
        "columns": list(head.columns),
        "needs": [{"evidence": list(need.names), "from": need.maker} for need in head.needs],
        "one_is_enough": head.any_need,
        "example": head.example,
        "part_of": head.part_of,
        "cypher": found.cypher,
    }


def _command(found: Query) -> click.Command:
    """A command with an option a parameter."""

    @sink_options
    @with_kb
    def ask(kb: KnowledgeBase, form: str, as_json: bool, timeout: float, limit: int, sink: Sink, **params: Any) -> None:
        from .rows import emit

        form = "json" if as_json else form
        sink.check(form)
        given = {p.name: params[p.name] for p in found.parameters if params[p.name] not in (None, ())}
        result = kb.run(found.name, timeout=timeout or None, limit=limit or None, **given)
        emit(result, form, sink)
        if result.truncated:
            click.echo(f"cut after {result.limit} rows; --limit 0 shows all", err=True)

    options = [_option(parameter) for parameter in found.parameters]
    command = click.command(found.name, help=f"{found.purpose}\n\nColumns: {', '.join(found.header.columns)}.")(ask)
    command = _shared(command)
    command.params[:0] = options
    return command


def _shared(command: click.Command) -> click.Command:
    from .query import FORMATS

    command.params += [
        click.Option(["--format", "form"], type=click.Choice(FORMATS), default="table", show_default=True),
        click.Option(["--json", "as_json"], is_flag=True, help="The same as --format json."),
        click.Option(["--timeout"], type=Between(0), default=60.0, show_default=True, help="Seconds; 0 for none."),
        click.Option(["--limit"], type=click.IntRange(0), default=1000, show_default=True, help="Rows; 0 for all."),
    ]
    return command


def _option(parameter: Parameter) -> click.Option:
    kinds: dict[str, click.ParamType[Any]] = {"int": click.INT, "float": FINITE, "bool": click.BOOL}
    kind = kinds.get(parameter.item, click.STRING)
    if parameter.choices and parameter.item not in kinds:
        kind = click.Choice([str(each) for each in parameter.choices])
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


COMMANDS = (queries,)
