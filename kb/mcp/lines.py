"""Requests as lines of standard input: one that is no request is answered with an error, and serving goes on.

The SDK hands on what it can read and drops the rest, so that a caller would wait for an answer that never comes.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import anyio
from mcp.types import jsonrpc_message_adapter
from pydantic import ValidationError

from ...schema.outside import Unreadable, is_text, parse_json

MOST = 4 * 2**20
"""Bytes of one request."""
PARSE_ERROR, INVALID_REQUEST = -32700, -32600
"""JSON-RPC's codes: what is no JSON, and JSON that is no message."""
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|([\[{])|([\]}])|(-?\d[\d.eE+-]*)')
_SEEN = 2**20
"""Characters in which the id of an unreadable request is looked for."""


class Wire:
    """Standard input and output as the SDK's transport takes them: lines to iterate, a text to write."""

    def __init__(self, source: BinaryIO, target: BinaryIO) -> None:
        self._source, self._target = source, target
        self._turn = anyio.Lock()

    async def __aiter__(self) -> AsyncIterator[str]:
        """Each line that is a message; others are answered here."""
        while line := await anyio.to_thread.run_sync(self._source.readline, MOST + 1, abandon_on_cancel=True):
            if len(line) > MOST and not line.endswith(b"\n"):
                await self._refuse(line, PARSE_ERROR, f"a request has at most {MOST >> 20} MiB")
                await anyio.to_thread.run_sync(self._skip)
            elif line.strip() and (message := await self._message(line)) is not None:
                yield message

    async def write(self, text: str) -> None:
        """Write one message."""
        async with self._turn:
            await anyio.to_thread.run_sync(self._put, text.encode())

    async def flush(self) -> None:
        """Each message is out as soon as it is written."""

    async def _message(self, line: bytes) -> str | None:
        try:
            value = parse_json(line)
            # Written anew: what is checked is then what the SDK reads, whatever the line's spelling.
            message = json.dumps(value, ensure_ascii=False, allow_nan=False)
            jsonrpc_message_adapter.validate_json(message, by_name=False)
            if (wrong := _wrong_id(value)) is not None:
                await self._refuse(b"", INVALID_REQUEST, wrong)
                return None
        except Unreadable as error:
            await self._refuse(line, PARSE_ERROR, str(error))
        except ValidationError as error:
            await self._refuse(line, INVALID_REQUEST, f"no JSON-RPC message: {_first(error)}")
        except ValueError:
            await self._refuse(line, PARSE_ERROR, "not JSON: NaN or Infinity, which JSON does not have")
        else:
            return message
        return None

    async def _refuse(self, line: bytes, code: int, why: str) -> None:
        answer = {"jsonrpc": "2.0", "id": request_id(line), "error": {"code": code, "message": why}}
        await self.write(json.dumps(answer) + "\n")

    def _put(self, text: bytes) -> None:
        self._target.write(text)
        self._target.flush()

    def _skip(self) -> None:
        """Read to the end of a line without holding it."""
        while (rest := self._source.readline(MOST)) and not rest.endswith(b"\n"):
            pass


@contextmanager
def standard_wire() -> Iterator[Wire]:
    """This process's own, while what else reads or prints gets nothing, or standard error: it would break messages."""
    source, target = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    sys.stdout.flush()
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    try:
        # Left open: a thread may still wait for a line when the client is gone.
        yield Wire(os.fdopen(source, "rb", closefd=False), os.fdopen(target, "wb", closefd=False))
    finally:
        os.dup2(source, 0)
        os.dup2(target, 1)


def request_id(line: bytes) -> int | str | None:
    """The id that a request gives itself, found without reading the whole; None where there is none to be found."""
    depth, key = 0, ""
    for token in _TOKEN.finditer(line[:_SEEN].decode("utf-8", "replace")):
        text, colon, opens, closes, number = token.groups()
        if depth == 1 and key == "id" and (number or (text is not None and not colon)):
            return _id(token[0])
        key = text if depth == 1 and colon else ""
        depth += bool(opens) - bool(closes)
    return None


def _id(text: str) -> int | str | None:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return None
    return found if type(found) is int or (isinstance(found, str) and is_text(found)) else None


def _wrong_id(value: dict[str, Any]) -> str | None:
    """The SDK takes a request whose id can be none for a notification, and would not answer it."""
    if "id" not in value or "method" not in value or type(value["id"]) in (int, str):
        return None
    return f"id is {str(value['id'])[:60]}, expected a whole number or a text"


def _first(error: ValidationError) -> str:
    """What the message lacks, of the kind of message that it comes nearest to."""
    one = min(error.errors(include_url=False, include_input=False), key=lambda each: len(each["loc"]))
    return f"{'.'.join(map(str, one['loc']))} {one['msg']}".strip()[:200]
