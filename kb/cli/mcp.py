"""neuronkb mcp: the store as a server for agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .guard import unguarded_output
from .options import Between, with_kb

if TYPE_CHECKING:
    from ..knowledge_base import KnowledgeBase


@click.command()
@click.option("--http", "port", type=click.IntRange(0, 65535), metavar="PORT", help="Serve on 127.0.0.1:PORT instead.")
@click.option("--allow-write", is_flag=True, help="Let findings be noted and carried; else nothing can be written.")
@click.option(
    "--seconds", type=Between(0, min_open=True), default=30.0, show_default=True, help="A query may take, at most."
)
@click.option("--rows", type=click.IntRange(1), default=500, show_default=True, help="An answer may have, at most.")
@click.option(
    "--characters",
    type=click.IntRange(1),
    default=40_000,
    show_default=True,
    help="An answer's JSON may have, at most.",
)
@with_kb
def mcp(kb: KnowledgeBase, port: int | None, allow_write: bool, seconds: float, rows: int, characters: int) -> None:
    """Serve the store to agents by the Model Context Protocol, on standard input and output.

    Tools: models, search, neuron, similar, diff, findings, carry, cypher, queries, query, schema. docs/mcp.md shows how
    a client is told of it. Needs the mcp extra.
    """
    import logging

    from ..mcp.limits import Limits
    from ..mcp.server import serve_http, serve_stdio, server

    logging.basicConfig(format="%(message)s")  # before the SDK's, which draws colours on standard error
    made = server(kb, limits=Limits(seconds, rows, characters), allow_write=allow_write)
    if port is None:
        with unguarded_output():
            serve_stdio(made)
    else:
        serve_http(made, port, lambda address: click.echo(f"serving {address}", err=True))


COMMANDS = (mcp,)
