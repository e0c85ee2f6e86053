"""Tools from verbs: a signature that the SDK reads, and the answer cut to what an agent has room for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ...schema import NeuronKBError
from ..doors import Offer
from ..limits import Limits
from ..parameter import Parameter
from .answer import fitted, text
from .line import one_line

if TYPE_CHECKING:
    from mcp.types import CallToolResult

    from ..session import Session

Answered = Callable[..., "CallToolResult"]
_TYPES: dict[str, type] = {"text": str, "whole": int, "number": float, "flag": bool, "pairs": dict[str, Any]}


def tool(offer: Offer, session: Session, limits: Limits) -> Answered:
    """The function of a tool: named parameters with their words and limits, one structured answer.

    Every tool takes `characters` too: how long the answer may be. Raises ToolError, in one line, as it runs.
    """
    from mcp.server.mcpserver.exceptions import ToolError
    from mcp.types import CallToolResult, TextContent

    def answered(**asked: Any) -> CallToolResult:
        try:
            room = limits.room(asked.pop("characters", None))
            answer = fitted(offer.ask(session, asked, limits).brief(), room)
        except NeuronKBError as error:
            raise ToolError(one_line(error)) from None
        return CallToolResult(content=[TextContent(type="text", text=text(answer))], structured_content=answer)

    answered.__name__, answered.__doc__ = offer.name, offer.verb.words
    parameters = [_parameter(parameter) for parameter in offer.parameters]
    parameters.append(_room(limits))
    signature = inspect.Signature(parameters, return_annotation=CallToolResult)
    answered.__signature__ = signature  # type: ignore[attr-defined]
    answered.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": CallToolResult}
    return answered


def _parameter(parameter: Parameter) -> inspect.Parameter:
    from pydantic import Field

    kind: Any = Literal[parameter.choices] if parameter.choices else _TYPES[parameter.type]
    if parameter.many:
        kind = list[kind]
    default = inspect.Parameter.empty if parameter.required else _plain(parameter.default)
    if parameter.optional or default is None:
        kind = kind | None
    described = Annotated[kind, Field(description=_words(parameter))]
    return inspect.Parameter(parameter.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=described)


def _words(parameter: Parameter) -> str:
    limits = f" ({parameter.range.words})" if parameter.range is not None and parameter.range.words else ""
    return f"{parameter.words}{limits}"


def _plain(default: Any) -> Any:
    return list(default) if isinstance(default, tuple) else default


def _room(limits: Limits) -> inspect.Parameter:
    from pydantic import Field

    words = f"Characters of the answer, {limits.usual:,} unless given, {limits.characters:,} at most"
    described = Annotated[int | None, Field(description=words)]
    return inspect.Parameter("characters", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=described)
