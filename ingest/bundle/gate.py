"""Who writes to a bundle: any number of processes of one machine at once, and the last to leave ends the run.

Each holds a shared lock on `.writers.lock` for as long as it writes. The system lets go of it when a process ends,
however it ends, so a dead writer keeps nobody waiting. Workers on other machines write shards elsewhere, to be merged.
"""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .layout import PARTIAL

WRITERS = ".writers.lock"
TURN = ".run.lock"
LOCKS = (WRITERS, TURN)


class Gate:
    """One writer's place among those of a bundle. `close` leaves it."""

    def __init__(self, folder: Path) -> None:
        import fcntl

        self._folder = folder
        self._file = os.open(folder / WRITERS, os.O_RDWR | os.O_CREAT, 0o644)
        self._close = weakref.finalize(self, os.close, self._file)
        if self.alone():
            _sweep(folder)
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def alone(self) -> bool:
        """Whether no other process writes to the bundle; then none can begin until this one has a shared lock again."""
        import fcntl

        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be the only one who reads and rewrites run.json."""
        import fcntl

        file = os.open(self._folder / TURN, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def close(self) -> None:
        """Leave; twice does no harm."""
        self._close()


def _sweep(folder: Path) -> None:
    """Take away what writers left that were killed; nobody else is writing."""
    for place in (folder, *(path for path in folder.iterdir() if path.is_dir())):
        for path in place.glob(f"*{PARTIAL}"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
