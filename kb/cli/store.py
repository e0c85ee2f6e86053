"""neuronkb store: the store itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import json_option, with_kb

if TYPE_CHECKING:
    from ..stores.base import Status

_WHERE = click.option("--store", "where", envvar="NEURONKB_STORE", metavar="FOLDER", help="The local store's folder.")


@click.group()
def store() -> None:
    """Look at the store, stop it, prepare a bulk import."""


@store.command()
@json_option
@with_kb
def status(kb: Any, as_json: bool) -> None:
    """Where the store is, how big, which server, and how much of what is in it."""
    from . import output

    found: Status = kb.status()
    if as_json:
        output.emit_json(found)
        return
    size = None if found.bytes is None else f"{found.bytes / 2**20:,.1f} MiB"
    facts = {
        "store": f"{found.kind}, {found.location}",
        "server": found.version,
        "schema version": found.schema_version,
        "size": size,
        "process": found.pid,
        "port": found.port,
    }
    counts = [("nodes", name, f"{n:,}") for name, n in found.nodes.items()]
    counts += [("relationships", name, f"{n:,}") for name, n in found.relationships.items()]
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name + ':':16}{value}")
    output.console().print(output.table(("", "name", "count"), counts))


@store.command()
@click.option("--mend", is_flag=True, help="Put right what can be: delete doubled rows, load what is missing.")
@json_option
@with_kb
def check(kb: Any, mend: bool, as_json: bool) -> None:
    """Whether the store is whole; exit code 1 where something is doubled, cut off, without its run or missing."""
    from . import output

    with output.progress() as progress:
        found = kb.check(mend=mend, progress=progress)
    if as_json:
        output.emit_json(found)
    else:
        looked = f"{found.nodes:,} nodes and {found.relationships:,} relationships"
        click.echo(f"{looked}: {f'{len(found.wrong)} faults' if found.wrong else 'sound'}")
        rows = [
            (fault.kind, fault.table, fault.run or "", f"{fault.rows:,}", "mended" if fault.mended else fault.mend)
            for fault in found.faults
        ]
        if rows:
            output.console().print(output.table(("fault", "table", "run", "rows", "mend"), rows))
            if not found.ok and not mend:
                click.echo("neuronkb store check --mend puts right what it can")
        if found.kept:
            click.echo(output.kept_line(found.kept))
    if not found.ok:
        raise click.exceptions.Exit(1)


@store.command()
@click.argument("run")
@json_option
@with_kb
def remove(kb: Any, run: str, as_json: bool) -> None:
    """Take the evidence of RUN out of the store; its bundle stays, and can be loaded again."""
    from . import output

    with output.progress() as progress:
        stayed: dict[str, int] = kb.remove_run(run, progress=progress)
    if as_json:
        output.emit_json({"run": run, "stayed": stayed})
        return
    click.echo(f"{run} was taken away")
    if stayed:
        click.echo(output.kept_line(stayed))


@store.command()
@_WHERE
def stop(where: str | None) -> None:
    """Stop a local store's server; it starts again when the store is next opened."""
    from ..place import default_store
    from ..stores.local import stop as stop_server

    folder = where or default_store()
    click.echo(f"{folder}: {'stopped' if stop_server(Path(folder)) else 'was not running'}")


@store.command("import-files")
@click.argument("bundles", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write to.")
@click.option("--alongside", is_flag=True, help="Keep several runs of a job on one model beside each other.")
def import_files(bundles: tuple[Path, ...], out: Path, alongside: bool) -> None:
    """Write BUNDLES as Parquet for neo4j-admin, and the command that imports them into an empty Neo4j.

    The database is the one that neuronkb load makes of them: what several bundles hold is there once.
    """
    from ..load.import_files import import_files as write
    from . import output

    with output.progress() as progress:
        plan = write(list(bundles), out, progress, alongside=alongside)
    click.echo(f"{plan.rows:,} rows in {out}; with the database stopped, run there:\n\n{plan.command}")


COMMANDS = (store,)
