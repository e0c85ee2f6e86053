"""neuronkb mcp: the store as a server for agents."""

from __future__ import annotations

from typing import Any

import click

from .command import STORE, opened_by
from .guard import unguarded_output

PORT = click.IntRange(0, 65535)


@click.command()
@click.option("--http", "port", type=PORT, metavar="PORT", help="Serve on 127.0.0.1:PORT instead.")
@click.option("--allow-write", is_flag=True, help="Let findings be noted and carried; else nothing can be written.")
@click.option("--all", "everything", is_flag=True, help="Offer every verb, not only those that agents need first.")
@click.option("--seconds", type=float, default=30.0, show_default=True, help="A query may take, at most.")
@click.option("--rows", type=click.IntRange(1), default=500, show_default=True, help="An answer may have, at most.")
@click.option(
    "--characters",
    type=click.IntRange(1),
    default=40_000,
    show_default=True,
    help="An answer's JSON may have, at most, where a call asks for more than 8,000.",
)
def mcp(
    port: int | None,
    allow_write: bool,
    everything: bool,
    seconds: float,
    rows: int,
    characters: int,
    **where: Any,
) -> None:
    """Serve the store to agents by the Model Context Protocol, on standard input and output.

    Its verbs are the tools; the schema, the glossary and the catalogue are resources. docs/mcp.md shows how a client is
    told of it. Needs the mcp extra.
    """
    import logging

    from ..knowledge_base import KnowledgeBase
    from ..limits import Limits
    from ..mcp.server import serve_http, serve_stdio, server

    logging.basicConfig(format="%(message)s")  # before the SDK's, which draws colours on standard error
    limits = Limits(seconds, rows, characters)
    with opened_by(where) as session:
        session.store  # noqa: B018  (what is wrong with it shows before anybody asks)
        made = server(KnowledgeBase.of(session), limits=limits, allow_write=allow_write, everything=everything)
        if port is None:
            with unguarded_output():
                serve_stdio(made)
        else:
            serve_http(made, port, lambda address: click.echo(f"serving {address}", err=True))


mcp.params += STORE
command = mcp
