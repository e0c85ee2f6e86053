"""What every job is to those that write and load its evidence."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator
from typing import Any, Protocol

import pyarrow as pa

from .bundle import RunInfo
from .progress import Progress


class Job(Protocol):
    """One computation or import: its run, and its evidence shard by shard."""

    @property
    def run(self) -> RunInfo:
        """What the bundle's run.json begins with."""

    def shards(self, done: Container[str], progress: Progress) -> Iterator[tuple[str, dict[str, pa.Table]]]:
        """Each shard's name and tables by table name; those in `done` are left out."""

    def summary(self, done: Collection[str]) -> dict[str, Any]:
        """What the job reports about the whole run, once its shards are made; `done` names all of them."""
