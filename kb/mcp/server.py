"""The server: tools with their limits, errors of one line, over stdio or HTTP on this machine alone."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...schema import StoreError
from ..doors import offers
from ..knowledge_base import KnowledgeBase
from ..limits import Limits
from .reading import add_prompts, add_resources
from .tool import tool

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

HOST = "127.0.0.1"

ABOUT = (
    "A knowledge base of what the MLP neurons of language models do. A neuron is MODEL/L{layer}/N{index}, of an "
    "expert MODEL/L{layer}/E{expert}/N{index}. Evidence is "
    "kept by pole (+1 or -1, the side of the hidden value) and by run. Decoded tokens say what weights point at, not "
    "what a neuron does on text; scores stand beside a null, and count only where they exceed it. Begin with "
    "models_list, search and card; queries_schema and cypher answer the rest. An answer that was too long says so "
    "under `cut`; `characters` asks for a longer one."
)


def server(
    kb: KnowledgeBase, *, limits: Limits | None = None, allow_write: bool = False, everything: bool = False
) -> MCPServer[Any]:
    """A Model Context Protocol server over a knowledge base: its verbs as tools, what they rest on as resources.

    It only reads unless `allow_write`. With `everything` all verbs are offered that a network door may have, not only
    those that agents need first. Needs the `mcp` extra.
    """
    try:
        from mcp.types import ToolAnnotations

        from .one_line import OneLineServer
    except ImportError:
        raise StoreError("serving agents needs the mcp package: pip install 'neuronkb[mcp]'") from None

    kb.session.waits, kb.session.stores = False, allow_write
    made = OneLineServer("neuronkb", instructions=ABOUT, version=_version(), log_level="WARNING")
    for offer in offers(allow_write=allow_write, agent=not everything).values():
        marks = ToolAnnotations(read_only_hint=not offer.stores, destructive_hint=offer.destroys, open_world_hint=False)
        function = tool(offer, kb.session, limits or Limits())
        made.tool(name=offer.name, description=offer.verb.words, annotations=marks)(function)
    add_resources(made)
    add_prompts(made)
    return made


def serve_stdio(made: MCPServer[Any]) -> None:
    """Answer on standard input and output until the client leaves."""
    made.run("stdio")


def serve_http(made: MCPServer[Any], port: int, ready: Callable[[str], None]) -> None:
    """Answer on http://127.0.0.1:`port`/mcp, a free port for 0, until interrupted; `ready` is told the address.

    Only this machine can reach it, and requests that name another host are refused. Raises StoreError for a port that
    is taken.
    """
    import uvicorn

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((HOST, port))
        except OSError as error:
            raise StoreError(f"port {port} of {HOST}: {error.strerror}; give another with --http") from None
        app = made.streamable_http_app(host=HOST)
        taken.listen()  # who is told the address may ask at once
        ready(f"http://{HOST}:{taken.getsockname()[1]}/mcp")
        uvicorn.Server(uvicorn.Config(app, log_level="warning", use_colors=False)).run(sockets=[taken])


def _version() -> str:
    from importlib.metadata import version

    return version("neuronkb")
