"""Workers side by side: results in order, a core each, errors raised, torch's threads given back."""

from __future__ import annotations

import threading

import pytest
import torch
from neuronkb.ingest.lm_head.decode import decode_rows
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.ingest.lm_head.unembedding import Unembedding
from neuronkb.ingest.team import Team

CPU = torch.device("cpu")


def test_one_worker_a_core_and_no_more_than_are_asked_for() -> None:
    assert Team(CPU, 1).size == 1
    assert Team(CPU).size == min(16, torch.get_num_threads())
    assert Team(torch.device("cuda")).size == 1


def test_results_in_order_side_by_side_threads_given_back() -> None:
    threads = torch.get_num_threads()
    with Team(CPU, 2) as team:
        meeting = threading.Barrier(team.size, timeout=30)

        def work(item: int) -> int:
            meeting.wait()  # all are at work, or this never ends
            assert torch.get_num_threads() == max(1, threads // team.size)
            return item * item

        for _ in range(2):  # the threads keep their share from one map to the next
            assert list(team.map(work, range(10))) == [i * i for i in range(10)]
            assert torch.get_num_threads() == threads


def test_an_error_in_a_worker_is_raised_and_threads_given_back() -> None:
    threads = torch.get_num_threads()

    def work(item: int) -> int:
        raise ValueError("in a worker")

    with Team(CPU) as team, pytest.raises(ValueError, match="in a worker"):
        list(team.map(work, range(3)))
    assert torch.get_num_threads() == threads


def test_many_blocks_decode_as_one() -> None:
    torch.manual_seed(0)
    unembedding, rows = Unembedding.of(torch.randn(500, 16)), torch.randn(100, 16).double()
    one, many = decode_rows(rows, unembedding, Settings()), decode_rows(rows, unembedding, Settings(buffer=1))
    assert torch.equal(one.tokens, many.tokens)
    assert torch.equal(one.logits, many.logits)
    assert torch.equal(one.coherence, many.coherence)
