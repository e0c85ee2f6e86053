"""Whether bfloat16 products are quicker than float32's on this machine: measured, once a process."""

from __future__ import annotations

import time
from functools import cache

import torch

ROWS, WIDTH = 128, 384
"""Of the products that are timed: 5 ms of float32, and no more than half a second where bfloat16 is emulated."""
TIMES = 3


@cache
def bfloat16_is_quicker() -> bool:
    """By products of the shape that a sentence encoder has, one thread."""
    return _seconds(torch.bfloat16) < _seconds(torch.float32)


def _seconds(dtype: torch.dtype) -> float:
    x, weight = torch.ones(ROWS, WIDTH, dtype=dtype), torch.ones(4 * WIDTH, WIDTH, dtype=dtype)
    best = float("inf")
    for _ in range(TIMES):
        start = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        best = min(best, time.perf_counter() - start)
    return best
