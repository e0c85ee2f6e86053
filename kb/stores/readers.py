"""Connections for reads, each with a driver of its own, so that one can be dropped without the others.

The time limit is kept here, by the client, whatever the server does: Neo4j looks at its own only between rows and not
while it parses, and the local server has none. Closing the connection is also the only way to make the local server
let go of a query's remaining rows: asked to discard them, it computes them all. A query that has not answered yet goes
on without its connection until the server sees that, or the keeper does and ends it; one that is inside a single long
expression, such as a list comprehension in another over a million numbers each, ends when that expression does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ...schema import LimitError
from .problems import too_slow

if TYPE_CHECKING:
    from neo4j import Driver


class Reader:
    """One connection, lent to one read."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.dropped = False
        self.late = False

    def drop(self) -> None:
        """Close the connection, also under a read that waits for the server in another thread."""
        self.dropped = True
        # What is wrong with it is of no use any more.
        with suppress(Exception):
            self.driver.close()

    def expire(self) -> None:
        """Drop it for the time it took."""
        self.late = True
        self.drop()


class Readers:
    """The connections not in use."""

    def __init__(self, connect: Callable[[], Driver]) -> None:
        self._connect = connect
        self._idle: list[Reader] = []
        self._lock = threading.Lock()

    @contextmanager
    def lend(self, timeout: float | None, grace: float = 0.0) -> Iterator[Reader]:
        """A connection, dropped after `timeout` and `grace` seconds and on any error. Raises LimitError when late."""
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        reader = reader or Reader(self._connect())
        timer = None if timeout is None else threading.Timer(min(timeout + grace, threading.TIMEOUT_MAX), reader.expire)
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            yield reader
        except BaseException as error:
            reader.drop()
            # A connection closed under a driver shows as any kind of error.
            if reader.late and isinstance(error, Exception):
                raise LimitError(too_slow(timeout)) from error
            raise
        finally:
            if timer is not None:
                timer.cancel()
        if not reader.dropped:
            with self._lock:
                self._idle.append(reader)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.drop()
