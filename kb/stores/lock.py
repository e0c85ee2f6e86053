"""One loader at a time in a store. Who waits is told for whom; a holder that died keeps nobody waiting.

A local store's lock is a lock on a file, which the system lets go of when its holder ends. A Neo4j server's is a node
with a lease: the holder renews it, and another may take it once it has lapsed, or at once where it can see on its own
machine that the holder is gone.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from ...schema import NeuronKBError, StoreBusyError
from .arcade.folder import locked, this_host

Waiting = Callable[[str], None]
"""Told who holds the lock, in words, each time it is looked at."""

LEASE = 60.0
"""Seconds for which the holder of a server's lock may be silent."""
PAUSE = 0.25
"""Seconds between two looks."""


@dataclass(frozen=True)
class Holder:
    """Who holds a lock."""

    host: str
    pid: int
    started: float
    """when the process began, seconds since 1970"""
    command: str

    @classmethod
    def own(cls) -> Holder:
        """This process."""
        import psutil

        words = [Path(sys.argv[0] or "python").name, *sys.argv[1:3]]
        return cls(this_host(), os.getpid(), psutil.Process().create_time(), " ".join(words)[:80])

    @classmethod
    def read(cls, text: str | None) -> Holder | None:
        """What a lock says of its holder; None where it says nothing that can be read."""
        try:
            raw = json.loads(text or "")
            return cls(str(raw["host"]), int(raw["pid"]), float(raw["started"]), str(raw["command"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None

    def gone(self) -> bool:
        """Whether this process ran on this machine and does so no more."""
        import psutil

        if self.host != this_host():
            return False
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) > 1.0
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False

    def __str__(self) -> str:
        where = "" if self.host == this_host() else f" on {self.host}"
        return f"process {self.pid}{where} ({self.command})"


class Turn(Protocol):
    """A held lock."""

    @property
    def fresh(self) -> bool:
        """Whether others may have written since this handle last held the lock."""

    @property
    def number(self) -> int:
        """How many times this handle held it before: several loaders may take turns with one handle."""

    def check(self) -> None:
        """Raise StoreBusyError where the lock was lost, as after a long sleep of the machine."""


class FileLock:
    """The lock of a store in a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._token = secrets.token_hex(8)
        self._turns = count()

    @contextmanager
    def hold(self, waiting: Waiting) -> Iterator[Turn]:
        """Wait for the lock and hold it. Raises StoreBusyError where it cannot be kept at all."""
        with ExitStack() as held:
            try:
                while not held.enter_context(locked(self._path, PAUSE)):
                    waiting(str(Holder.read(self._said().get("who")) or "another process"))
                turn = self._entered()
            except OSError as error:
                raise StoreBusyError(f"{self._path}: cannot be locked ({error.strerror or error})") from error
            yield turn

    def _entered(self) -> _Held:
        fresh = self._said().get("last") != self._token
        said = {"last": self._token, "who": json.dumps(asdict(Holder.own()))}
        self._path.write_text(json.dumps(said), encoding="utf-8")
        return _Held(fresh, next(self._turns))

    def _said(self) -> Mapping[str, Any]:
        try:
            said = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}


@dataclass(frozen=True)
class _Held:
    fresh: bool
    number: int

    def check(self) -> None:
        """The system keeps it."""


TAKE = """
MERGE (l:Schema {id: 'load'})
SET l.touched = true
WITH l, coalesce(l.holder, $holder) AS holder, coalesce(l.until, 0) AS until, l.last AS last
WITH l, last, holder, holder = $holder OR holder = $dead OR until < timestamp() AS free
FOREACH (x IN CASE WHEN free THEN [1] ELSE [] END |
  SET l.holder = $holder, l.last = $holder, l.who = $who, l.until = timestamp() + $lease)
REMOVE l.touched
RETURN free, last, holder, l.who AS who
"""
RENEW = "MATCH (l:Schema {id: 'load', holder: $holder}) SET l.until = timestamp() + $lease RETURN count(l) AS held"
LEAVE = "MATCH (l:Schema {id: 'load', holder: $holder}) SET l.until = 0 REMOVE l.holder"

Rows = Callable[[str, Mapping[str, Any]], Sequence[Sequence[Any]]]
"""Runs a statement in a transaction that writes and gives its rows."""


class NodeLock:
    """The lock of a store that is a server: a node of the graph, read and written in one transaction."""

    def __init__(self, rows: Rows, lease: float = LEASE) -> None:
        self._rows = rows
        self._lease = lease
        self._token = secrets.token_hex(8)
        self._turns = count()
        self._here = threading.Lock()

    @contextmanager
    def hold(self, waiting: Waiting) -> Iterator[Turn]:
        """Wait for the lock and hold it, renewing the lease meanwhile."""
        with self._here:
            lease = self._taken(waiting)
            lease.start()
            try:
                yield lease
            finally:
                lease.stop()
                with suppress(NeuronKBError):  # it lapses by itself where the server is gone
                    self._rows(LEAVE, {"holder": self._token})

    def _taken(self, waiting: Waiting) -> Lease:
        who = json.dumps(asdict(Holder.own()))
        dead: str | None = None
        while True:
            begun = time.monotonic()
            asked = {"holder": self._token, "who": who, "lease": int(self._lease * 1000), "dead": dead or self._token}
            free, last, token, said = self._rows(TAKE, asked)[0]
            if free:
                lease = Lease(self._rows, self._token, self._lease, last != self._token, begun)
                lease.number = next(self._turns)
                return lease
            holder = Holder.read(said)
            if holder is not None and holder.gone():
                dead = str(token)
                continue
            waiting(str(holder or "another process"))
            time.sleep(PAUSE)


class Lease:
    """A held NodeLock: a thread renews it until `stop`."""

    def __init__(self, rows: Rows, token: str, seconds: float, fresh: bool, begun: float) -> None:
        self.fresh = fresh
        self.number = 0
        self._rows, self._token, self._seconds = rows, token, seconds
        self._until = begun + seconds
        self._lost = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="neuronkb-lease", daemon=True)

    def start(self) -> None:
        """Begin to renew."""
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing."""
        self._done.set()
        self._thread.join()

    def check(self) -> None:
        """Raise StoreBusyError where the lease lapsed: another may have the lock."""
        if self._lost or time.monotonic() > self._until:
            raise StoreBusyError(
                f"the store's lock was lost: this process was silent for {self._seconds:g} s; run the command again"
            )

    def _renew(self) -> None:
        while not self._done.wait(self._seconds / 4):
            begun = time.monotonic()
            try:
                held = self._rows(RENEW, {"holder": self._token, "lease": int(self._seconds * 1000)})[0][0]
            except NeuronKBError:
                continue  # the server may be back before the lease ends
            if not held:
                self._lost = True
                return
            self._until = begun + self._seconds
