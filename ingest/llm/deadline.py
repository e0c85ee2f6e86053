"""Requests that end: each from connecting to its last byte within a time, its answer within a size."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
MOST = 32 * 2**20
"""Bytes of an answer."""


class TooLong(Exception):
    """An answer of more bytes than are read."""


class Deadlines:
    """A thread in which requests run side by side. A socket's own timeout begins anew with every byte that comes."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="requests", daemon=True)
        self._thread.start()

    def run(self, request: Coroutine[Any, Any, T], seconds: float) -> T:
        """What a request brings. Raises TimeoutError when the time is over, whatever it was doing."""

        async def timed() -> T:
            async with asyncio.timeout(seconds):
                return await request

        future = asyncio.run_coroutine_threadsafe(timed(), self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread, and what still runs in it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._runner.close()


async def bounded(response: Any) -> None:
    """Let a response bring no more than MOST bytes, packed ones not at all: an event hook of the client."""
    packed = response.headers.get("content-encoding", "identity")
    if packed != "identity":
        raise TooLong(f"the reply is packed ({packed[:20]!r}), which was not asked for")
    # The module of the response, since the openai library has changed from httpx to httpx2.
    streams: Any = sys.modules[type(response).__module__.partition(".")[0]]
    response.stream = _bounded_stream(streams.AsyncByteStream, response.stream)


def _bounded_stream(kind: Any, stream: Any) -> Any:
    class Bounded(kind):  # type: ignore[misc]  # its class is known when a response is
        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for part in stream:
                size += len(part)
                if size > MOST:
                    raise TooLong(f"the reply is larger than {MOST >> 20} MiB")
                yield part

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()
