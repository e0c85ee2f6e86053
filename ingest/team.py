"""Workers with a core each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import torch

MOST = 16
"""Workers at most; a machine with more cores gives each several."""

A = TypeVar("A")
B = TypeVar("B")


class Team:
    """Threads that work side by side, each with its share of torch's threads; one on a GPU.

    Cores that share one operation wait for the slowest after every step, thousands of times a second: where another
    process wants a core too, that made a product up to seven times slower. Workers with a core each never wait for one
    another.
    """

    def __init__(self, device: torch.device, most: int = MOST) -> None:
        self.size = 1 if device.type != "cpu" else max(1, min(MOST, most, torch.get_num_threads()))
        self._pool = ThreadPoolExecutor(self.size) if self.size > 1 else None

    def map(self, work: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        """`work` of every item, in order."""
        if self._pool is None:
            yield from map(work, items)
            return
        threads = torch.get_num_threads()
        torch.set_num_threads(max(1, threads // self.size))  # a pool's threads begin with this number and keep it
        try:
            yield from self._pool.map(work, items)
        finally:
            torch.set_num_threads(threads)

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
