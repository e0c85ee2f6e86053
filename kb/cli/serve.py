"""neuronkb serve: the explorer of a store in the browser."""

from __future__ import annotations

from typing import Any

import click

from .command import STORE, opened_by
from .mcp import PORT


@click.command()
@click.option("--port", type=PORT, default=8765, show_default=True, help="A free one for 0.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Another address of this machine lets others in, who need the token that is printed.",
)
@click.option("--no-browser", is_flag=True, help="Do not open the page.")
@click.option("--allow-write", is_flag=True, help="Let findings be noted and carried; else nothing can be written.")
@click.option("--seconds", type=float, default=30.0, show_default=True, help="A query may take, at most.")
@click.option("--rows", type=click.IntRange(1), default=500, show_default=True, help="An answer may have, at most.")
def serve(port: int, host: str, no_browser: bool, allow_write: bool, seconds: float, rows: int, **where: Any) -> None:
    """Look at the store in the browser: every neuron, model, fine-tune and finding has a page.

    The same server answers every verb as JSON at /api, and agents at /mcp where the mcp extra is installed. Needs the
    web extra.
    """
    import webbrowser

    from ..limits import Limits
    from ..web.serving import serve_pages

    def ready(address: str) -> None:
        click.echo(f"serving {address}  (Ctrl+C ends it)", err=True)
        if not no_browser:
            webbrowser.open(address)

    with opened_by(where) as session:
        serve_pages(session, port, host, ready, allow_write=allow_write, limits=Limits(seconds, rows))


serve.params += STORE
command = serve
