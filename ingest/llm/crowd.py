"""Many questions asked at the same time, answered in order, and ended cleanly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


def ask_all(
    count: int,
    ask: Callable[[int], T],
    at_once: int,
    each: Callable[[int, T], None] | None,
    stop: Callable[[], None] | None = None,
) -> list[T]:
    """The answers of `ask(0)` to `ask(count - 1)`, at most `at_once` under way.

    `each` is told every answer in this thread as it comes. When `ask` or `each` raises, no further question is asked;
    those under way are waited for and told too, so that nothing answered is lost, and the first error is raised.
    `stop` is called then, so that they need not be waited for long.
    """
    found: dict[int, T] = {}
    trouble: BaseException | None = None
    waiting = iter(range(count))
    running: dict[Future[T], int] = {}
    with ThreadPoolExecutor(max_workers=max(1, at_once), thread_name_prefix="asking") as pool:
        while True:
            while trouble is None and len(running) < at_once and (i := next(waiting, None)) is not None:
                running[pool.submit(ask, i)] = i
            if not running:
                break
            try:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt as stopped:
                trouble = trouble or stopped
                if stop is not None:
                    stop()
                continue
            for future in done:
                i = running.pop(future)
                try:
                    found[i] = future.result()
                    if each is not None:
                        each(i, found[i])
                except BaseException as error:  # kept, and raised once all answers under way are told
                    trouble = trouble or error
                    if stop is not None:
                        stop()
    if trouble is not None:
        raise trouble
    return [found[i] for i in range(count)]
