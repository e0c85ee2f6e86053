from __future__ import annotations

import threading
import time

import pytest
from neuronkb.ingest.llm.crowd import ask_all


def test_answers_are_in_order_and_told_as_they_come() -> None:
    told: list[int] = []

    def ask(i: int) -> int:
        time.sleep(0.05 * (3 - i))
        return i * i

    assert ask_all(4, ask, 4, lambda i, answer: told.append(i)) == [0, 1, 4, 9]
    assert sorted(told) == [0, 1, 2, 3]
    assert told != [0, 1, 2, 3]


def test_an_error_lets_what_is_under_way_end_and_starts_nothing_more() -> None:
    started, told, gate = [], [], threading.Event()

    def ask(i: int) -> int:
        started.append(i)
        if i == 0:
            raise ValueError("first")
        gate.wait(0.2)
        return i

    with pytest.raises(ValueError, match="first"):
        ask_all(50, ask, 3, lambda i, answer: told.append(i))
    assert set(told) == set(started) - {0}
    assert len(started) <= 4


def test_none() -> None:
    assert ask_all(0, lambda i: i, 4, None) == []
