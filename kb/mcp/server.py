"""The server: tools with their limits, errors of one line, over stdio or HTTP on this machine alone."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from ...schema import NeuronKBError, StoreError
from ..knowledge_base import KnowledgeBase
from .answer import fitted, text
from .limits import Limits
from .line import one_line
from .tools import Answer, Tools

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer
    from mcp.types import CallToolResult

HOST = "127.0.0.1"
READS = ("models", "search", "neuron", "similar", "diff", "findings", "cypher", "queries", "query", "schema")
"""Tools that every server has and that never write."""

ABOUT = (
    "A knowledge base of what the MLP neurons of language models do. A neuron is MODEL/L{layer}/N{index}. Evidence is "
    "kept by pole (+1 or -1, the side of the hidden value) and by run. Decoded tokens say what weights point at, not "
    "what a neuron does on text; scores stand beside a null, and count only where they exceed it. Begin with models, "
    "search and neuron; schema and cypher answer the rest. An answer that was too long says so under `truncated`."
)


def server(kb: KnowledgeBase, *, limits: Limits | None = None, allow_write: bool = False) -> MCPServer[Any]:
    """A Model Context Protocol server over a knowledge base. It only reads unless `allow_write`: then findings can be
    noted and carried. Needs the `mcp` extra."""
    try:
        from mcp.types import ToolAnnotations

        from .told import OneLineServer
    except ImportError:
        raise StoreError("serving agents needs the mcp package: pip install 'neuronkb[mcp]'") from None

    tools = Tools(kb, limits or Limits(), allow_write)
    made = OneLineServer("neuronkb", instructions=ABOUT, version=_version(), log_level="WARNING")
    names = (*READS, "carry", *(("note",) if allow_write else ()))
    for name in names:
        writes = name not in READS and allow_write
        marks = ToolAnnotations(read_only_hint=not writes, destructive_hint=False, open_world_hint=False)
        made.tool(name=name, annotations=marks)(_told(getattr(tools, name), tools.limits))
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


def _told(tool: Callable[..., Answer], limits: Limits) -> Callable[..., CallToolResult]:
    """The tool with its answer cut to size, and errors as one line."""
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.types import CallToolResult, TextContent

    @wraps(tool)
    def answered(**asked: Any) -> CallToolResult:
        try:
            found = fitted(tool(**asked), limits.characters)
        except NeuronKBError as error:
            raise ToolError(one_line(error)) from None
        return CallToolResult(content=[TextContent(type="text", text=text(found))], structured_content=found)

    answered.__annotations__ = {**tool.__annotations__, "return": CallToolResult}
    return answered


def _version() -> str:
    from importlib.metadata import version

    return version("neuronkb")
