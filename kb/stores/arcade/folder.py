"""A local store's folder: what lies where, who serves it, and who may start a server in it.

    config/      the server's users and rights, written anew at each start
    databases/   the graph
    log/         the server's and the keeper's words, and whether a server ran out of memory
    server.json  who serves the folder now: host, processes, ports, passwords (0600)
    lock         held by the keeper for as long as its server runs
    open.lock    held by a process while it looks whether a server must be started

Only the standard library is imported here: the keeper lives as long as its server and stays small.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

HEARTBEAT = 5.0
"""Seconds between two signs of life of a keeper."""

MAX_STATE = 2**16
"""Bytes of a state that are read."""

SILENCE = 30.0
"""Seconds without one after which another host may take the folder."""


@dataclass(frozen=True)
class State:
    """Who serves a folder. The passwords are in no repr."""

    instance: str
    """Names one start of one server; it stands on the server's command line."""
    host: str
    keeper: int
    """Process id of the keeper, the server's parent."""
    pid: int
    """Process id of the server."""
    http: int
    bolt: int
    heap: str
    version: str
    writer: str = field(repr=False)
    """Password of the user that may do everything."""
    reader: str = field(repr=False)
    """Password of the user that may only read records."""
    started: float = 0.0
    """When the server's process began; 0 in states of older releases."""
    keeper_started: float = 0.0
    """When the keeper's process began; 0 in states of older releases."""

    def is_sound(self) -> bool:
        """Whether each part is of its type, and a number or text that can be one: the file may be anybody's."""
        numbers, texts = (self.keeper, self.pid, self.http, self.bolt), (self.instance, self.host, self.heap)
        sound = all(type(n) is int and 0 < n < 2**31 for n in numbers) and max(self.http, self.bolt) < 2**16
        return sound and all(
            isinstance(text, str) and text.isprintable() for text in (*texts, self.version, self.writer, self.reader)
        )


@dataclass(frozen=True)
class Folder:
    """The paths of one local store; `root` is absolute."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "server.json"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def open_lock(self) -> Path:
        return self.root / "open.lock"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def databases(self) -> Path:
        return self.root / "databases"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def unfinished(self) -> Path:
        """Notes of bulk requests that are on their way, one file each."""
        return self.root / "unfinished"

    def create(self) -> None:
        """Make the folder and its parts, for this user alone. Raises OSError."""
        for path in (self.root, self.config, self.databases, self.log, self.unfinished):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def read_state(self) -> State | None:
        """Who serves the folder by its own account; None where nobody does or the file cannot be read."""
        try:
            with self.state.open("rb") as file:
                found = State(**json.loads(file.read(MAX_STATE)))
        except (OSError, ValueError, TypeError, RecursionError):
            return None
        return found if found.is_sound() else None

    def write_state(self, state: State) -> None:
        """Put the state in place whole, readable by this user alone."""
        fresh = self.root / f"server.json.{os.getpid()}"
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(state), file)
        fresh.replace(self.state)

    def remove_state(self, instance: str) -> None:
        """Take the state away if it is still that of `instance`."""
        found = self.read_state()
        if found is not None and found.instance == instance:
            self.state.unlink(missing_ok=True)

    def beat(self) -> None:
        """Give a sign of life."""
        with suppress(OSError):
            os.utime(self.state)

    def note_out_of_memory(self, instance: str, when: float) -> None:
        """Write down that a server ended because its memory did not do, for those that were asking it."""
        with suppress(OSError):
            (self.log / "out-of-memory").write_text(json.dumps([instance, when]))

    def ran_out(self, instance: str, since: float) -> bool:
        """Whether that server ended so, at `since` or later (seconds of the epoch)."""
        try:
            noted, when = json.loads((self.log / "out-of-memory").read_text())
            return bool(noted == instance and float(when) >= since)
        except (OSError, ValueError, TypeError):
            return False

    def silence(self) -> float:
        """Seconds since the last sign of life, by the clock of the file system the folder is on."""
        probe = self.root / f".clock.{os.getpid()}"
        probe.write_bytes(b"")
        try:
            return probe.stat().st_mtime - self.state.stat().st_mtime
        except FileNotFoundError:
            return float("inf")
        finally:
            probe.unlink(missing_ok=True)

    def size(self) -> int:
        """Bytes of the graph on disk."""
        total = 0
        for where, _, names in os.walk(self.databases):
            for name in names:
                with suppress(OSError):
                    total += os.stat(os.path.join(where, name)).st_size
        return total


def this_host() -> str:
    """The name this host goes by in a state."""
    return socket.gethostname()


@contextmanager
def locked(path: Path, wait: float) -> Iterator[bool]:
    """Hold an exclusive lock on a file; yields whether it was got within `wait` seconds.

    The system lets go of it when the process ends, however it ends.
    """
    import fcntl

    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    yield False
                    return
                time.sleep(0.02)
            else:
                yield True
                return
