"""Blocks of rows worked on side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

import torch

MOST = 16
"""Workers at most; each has a buffer of its own, and a machine with more cores gives each several."""

T = TypeVar("T")


def workers(n_blocks: int, device: torch.device) -> int:
    """How many workers to have for so many blocks: one a core on a CPU, one on a GPU."""
    return 1 if device.type != "cpu" else max(1, min(MOST, n_blocks, torch.get_num_threads()))


def side_by_side(
    work: Callable[[torch.Tensor, torch.Tensor], T], blocks: Iterable[torch.Tensor], buffers: list[torch.Tensor]
) -> Iterator[T]:
    """`work(block, buffer)` of every block, in order; as many at a time as there are buffers.

    Cores that share one product wait for the slowest after every step, thousands of times a second: where another
    process (a store that takes in the last layer) wants a core too, that made the product up to seven times slower.
    Workers with a core each never wait for one another.
    """
    if len(buffers) == 1:
        yield from (work(block, buffers[0]) for block in blocks)
        return
    free: SimpleQueue[torch.Tensor] = SimpleQueue()
    for buffer in buffers:
        free.put(buffer)

    def alone(block: torch.Tensor) -> T:
        buffer = free.get()
        try:
            return work(block, buffer)
        finally:
            free.put(buffer)

    threads = torch.get_num_threads()
    torch.set_num_threads(max(1, threads // len(buffers)))  # the pool's threads begin with this number
    try:
        with ThreadPoolExecutor(len(buffers)) as pool:
            yield from pool.map(alone, blocks)
    finally:
        torch.set_num_threads(threads)
