"""MCP on the explorer's own port, made when the first agent asks: its package takes a second or more to load, which
those who look at pages need not wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from ...schema import StoreError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/mcp"


def installed() -> bool:
    """Whether the mcp extra is here."""
    return find_spec("mcp") is not None


class Agents:
    """An ASGI application that is `make`'s once somebody asks."""

    def __init__(self, make: Callable[[], Starlette]) -> None:
        self._make = make
        self._asked = asyncio.Event()
        self._ended = asyncio.Event()
        self._made: asyncio.Future[Starlette] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._made is not None, "asked outside the server's life"
        self._asked.set()
        try:
            app: ASGIApp = await asyncio.shield(self._made)
        except StoreError as error:  # another release of the package
            app = PlainTextResponse(str(error), 503)
        await app(scope, receive, send)

    @asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """What is made lives until the server ends."""
        self._made = asyncio.get_running_loop().create_future()
        living = asyncio.create_task(self._live(self._made))
        try:
            yield
        finally:
            self._ended.set()
            self._asked.set()
            await living

    async def _live(self, made: asyncio.Future[Starlette]) -> None:
        # One task enters and leaves the application's own life, as its task group demands.
        await self._asked.wait()
        if self._ended.is_set():
            return
        try:
            app = await asyncio.to_thread(self._make)
            async with app.router.lifespan_context(app):
                made.set_result(app)
                await self._ended.wait()
        except Exception as error:
            if made.done():
                raise
            made.set_exception(error)
