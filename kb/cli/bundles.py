"""neuronkb bundle: look at evidence on disk."""

from __future__ import annotations

from pathlib import Path

import click

from .options import json_option


@click.group()
def bundle() -> None:
    """Look at a bundle: a folder of evidence with its run."""


@bundle.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Check every file of the bundle in FOLDER; exit code 1 when one is damaged or missing."""
    from ...ingest.bundle import Bundle
    from . import output

    found = Bundle.open(folder)
    faults = found.check()
    if as_json:
        output.emit_json({"run": found.run, "shards": len(found.shards), "rows": found.rows, "faults": faults})
    elif not faults:
        click.echo(f"{folder}: sound; run {found.run.id}, {len(found.shards)} shards, {found.rows:,} rows")
    if faults and not as_json:
        click.echo("\n".join(faults), err=True)
    if faults:
        raise click.exceptions.Exit(1)


COMMANDS = (bundle,)
