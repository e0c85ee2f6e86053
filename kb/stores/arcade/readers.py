"""Connections of the reading user, each with a driver of its own, so that one can be dropped without the others.

Closing a connection is the only way to make the server let go of a query's remaining rows: asked to discard them, it
computes them all. A query that has not answered yet goes on without its connection until the keeper sees that and ends
it; one that is inside a single long expression, such as a list comprehension in another over a million numbers each,
ends when that expression does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from neo4j import Driver


class Reader:
    """One connection, lent to one read."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.dropped = False

    def drop(self) -> None:
        """Close the connection, also under a read that waits for the server in another thread."""
        self.dropped = True
        self.driver.close()


class Readers:
    """The connections not in use."""

    def __init__(self, connect: Callable[[], Driver]) -> None:
        self._connect = connect
        self._idle: list[Reader] = []
        self._lock = threading.Lock()

    @contextmanager
    def lend(self, timeout: float | None) -> Iterator[Reader]:
        """A connection, dropped after `timeout` seconds and on any error."""
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        reader = reader or Reader(self._connect())
        timer = None if timeout is None else threading.Timer(timeout, reader.drop)
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            yield reader
        except BaseException:
            reader.drop()
            raise
        finally:
            if timer is not None:
                timer.cancel()
                timer.join()
        if not reader.dropped:
            with self._lock:
                self._idle.append(reader)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.drop()
