"""The SDK's server with every error of a tool as one line."""

from __future__ import annotations

from typing import Any, cast

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.stdio import stdio_server
from mcp.types import CallToolResult, InputRequiredResult
from pydantic import ValidationError

from .line import one_line
from .lines import standard_wire

NEW_TOOLS = {
    "models": "models_list",
    "neuron": "card",
    "similar": "similar_show",
    "diff": "links_diff",
    "findings": "findings_list",
    "carry": "findings_carry",
    "note": "findings_add",
    "queries": "queries_list",
    "query": "queries_run",
    "schema": "queries_schema",
}
"""What tools were called, and are called now."""


class OneLineServer(MCPServer[Any]):
    """What a caller got wrong is told in a line; what went wrong in here stays in the server's log."""

    async def run_stdio_async(self) -> None:
        """Answer each line of standard input, also those that are no request."""
        with standard_wire() as wire:
            # Typed as files, of which the transport iterates one and writes the other.
            stdin = stdout = cast(Any, wire)
            async with stdio_server(stdin, stdout) as (requests, answers):
                made = self._lowlevel_server
                await made.run(requests, answers, made.create_initialization_options())

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool by name. Raises ToolError, for a name that is not used any more with the new one."""
        if name in NEW_TOOLS:
            raise ToolError(f"the tool {name} is now {NEW_TOOLS[name]}")
        try:
            return await super().call_tool(name, arguments, context)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            raise ToolError(_line(name, error)) from error.__cause__


def _line(name: str, error: ToolError) -> str:
    cause = error.__cause__
    if isinstance(cause, ValidationError):
        wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in cause.errors(include_url=False))
        return one_line(f"{name}: {'; '.join(wrong)}")
    return one_line(str(error).removeprefix(f"Error executing tool {name}: "))
