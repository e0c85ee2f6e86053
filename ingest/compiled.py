"""Loops that the CPU runs compiled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

import numba

P = ParamSpec("P")
R = TypeVar("R")


def compiled(loop: Callable[P, R], *, sums_in_any_order: bool = False) -> Callable[P, R]:
    """The loop in machine code, kept on disk for the next process where some folder can be written; other threads run
    meanwhile.

    Where `sums_in_any_order`, the compiler may add up and compare in vectors; no number may then be NaN.
    """
    loose = {"fastmath": {"reassoc", "nsz", "nnan", "contract"}} if sums_in_any_order else {}
    compile_ = partial(numba.njit, nogil=True, error_model="numpy", **loose)
    try:
        found: Any = compile_(cache=True)(loop)
    except RuntimeError:  # no folder for the cache
        found = compile_()(loop)
    machine_code: Callable[P, R] = found
    return machine_code
