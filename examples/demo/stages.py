"""What each stage of the demo takes: seconds, and their share."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from neuronkb.kb.cli import output

from .progress import silent

if TYPE_CHECKING:
    from neuronkb.kb.session import Session
    from rich.table import Table

    from .progress import Progress


class Stages:
    """A clock that is told when a stage begins and ends; time between stages is kept as `shown`."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.seconds: dict[str, float] = {}
        """by stage, in the order of their beginning; one that is begun again goes on"""
        self.session: Session | None = None
        """of the knowledge base whose jobs are stages too"""

    @contextmanager
    def __call__(self, name: str) -> Iterator[Progress]:
        """Time what is done inside, with a progress bar for it; also where it is interrupted."""
        begun = time.monotonic()
        self.seconds.setdefault(name, 0.0)
        try:
            with output.progress() as progress:
                self._told(progress)
                yield progress
        finally:
            self._told(silent)
            self.seconds[name] += time.monotonic() - begun

    def _told(self, progress: Progress) -> None:
        if self.session is not None:
            self.session.progress = progress

    @property
    def passed(self) -> float:
        """Seconds since the first."""
        return time.monotonic() - self.started

    def table(self, title: str) -> Table:
        """A row a stage, and what was not in any."""
        whole = self.passed
        rows = [*self.seconds.items(), ("questions, tables, drawings", whole - sum(self.seconds.values()))]
        shown = [(name, f"{seconds:.1f}", f"{seconds / whole:.0%}") for name, seconds in rows]
        return output.table(("stage", "seconds", "share"), [*shown, ("all", f"{whole:.1f}", "100%")], title)


def used(folders: Iterable[Path]) -> str:
    """Disk that folders take, and the most memory this process had, in GB."""
    disk = [f"{folder} {_size(folder) / 1e9:.1f} GB" for folder in folders]
    return f"{' and '.join(disk)} on disk, {_peak() / 1e9:.1f} GB of memory at most beside the database's"


def _size(folder: Path) -> int:
    """Bytes of its files; one that goes meanwhile counts as none."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _peak() -> int:
    """Bytes; where the system keeps no peak, what is used now."""
    memory = psutil.Process().memory_info()
    try:
        import resource
    except ImportError:
        return int(getattr(memory, "peak_wset", memory.rss))
    import sys

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
