"""The command group, and the one place where an error becomes a line on the terminal."""

from __future__ import annotations

import errno
import sys
import traceback
from typing import Any

import click

from . import (
    agree,
    bundles,
    causal,
    clamp,
    evidence,
    explain,
    explanations,
    features,
    feeds,
    finding,
    ingest,
    mcp,
    n2g,
    probe,
    published,
    queries,
    query,
    search,
    similar,
    store,
)
from .guard import guarded, install

_FULL = (errno.ENOSPC, errno.EDQUOT)


class Group(click.Group):
    """A group whose commands end with one line and exit code 1 when they fail, and whose output is guarded."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with guarded():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if ctx.params.get("debug"):
                click.echo(_traceback(error), err=True, nl=False)
                ctx.exit(1)
            raise click.ClickException(_line(error)) from None


def _traceback(error: BaseException) -> str:
    """Where it went wrong, without the keys that a library's own error may tell."""
    from ...schema.secrets import hidden

    return hidden("".join(traceback.format_exception(error)))


def _line(error: BaseException) -> str:
    """An error as one line that says what to do."""
    return " ".join(_said(error).split("\n"))


def _said(error: BaseException) -> str:
    from ...schema.errors import NeuronKBError
    from ...schema.secrets import hidden

    if isinstance(error, NeuronKBError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; what was finished is kept, run the same command again to go on"
    if isinstance(error, MemoryError):
        return "out of memory; use a smaller --heap or fewer --layers at a time"
    if isinstance(error, OSError) and error.errno in _FULL:
        return f"the disk is full ({error.filename or 'while writing'}); free space and run the same command again"
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return f"{type(error).__name__}: {hidden(str(error))} (a defect; --debug shows where)"


# Colour: click would take escape sequences out in silence where it writes no colour; the guard shows them.
@click.group(
    cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "color": True}
)
@click.option("--debug", is_flag=True, help="Show the full traceback of an error.")
@click.version_option(package_name="neuronkb", message="%(version)s")
def cli(debug: bool) -> None:
    """What the neurons of language models do, in a graph database.

    Decode a model's neurons, link a fine-tune to its base, and ask in Cypher. The store is a local folder
    (./.neuronkb where it exists, else your data directory) or a Neo4j server: --store or NEURONKB_STORE.
    """


for group in (
    ingest,
    features,
    published,
    explanations,
    evidence,
    finding,
    queries,
    query,
    agree,
    search,
    n2g,
    probe,
    explain,
    clamp,
    causal,
    similar,
    feeds,
    mcp,
    bundles,
    store,
):
    for command in group.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        # Token texts are Unicode whatever the terminal's locale says.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    install()
    cli(prog_name="neuronkb")
