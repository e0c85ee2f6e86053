import threading

import pytest
import torch
from neuronkb.ingest.lm_head.decode import decode_rows
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.ingest.lm_head.unembedding import Unembedding
from neuronkb.ingest.lm_head.workers import side_by_side, workers

CPU = torch.device("cpu")


def test_one_worker_a_core_and_no_more_than_blocks() -> None:
    assert workers(1, CPU) == 1
    assert workers(100, CPU) == min(16, torch.get_num_threads())
    assert workers(100, torch.device("cuda")) == 1


def test_results_in_order_buffers_never_shared_threads_given_back() -> None:
    threads, busy, meeting = torch.get_num_threads(), set(), threading.Barrier(2, timeout=30)
    blocks = [torch.tensor([float(i)]) for i in range(10)]

    def work(block: torch.Tensor, buffer: torch.Tensor) -> float:
        place = buffer.data_ptr()
        assert place not in busy
        busy.add(place)
        meeting.wait()  # two are at work, or this never ends
        assert torch.get_num_threads() == max(1, threads // 2)
        busy.remove(place)
        return float(block)

    assert list(side_by_side(work, blocks, [torch.zeros(1), torch.zeros(1)])) == [float(i) for i in range(10)]
    assert torch.get_num_threads() == threads


def test_an_error_in_a_worker_is_raised_and_threads_given_back() -> None:
    threads = torch.get_num_threads()

    def work(block: torch.Tensor, buffer: torch.Tensor) -> float:
        raise ValueError("in a worker")

    with pytest.raises(ValueError, match="in a worker"):
        list(side_by_side(work, [torch.zeros(1)] * 3, [torch.zeros(1), torch.zeros(1)]))
    assert torch.get_num_threads() == threads


def test_many_blocks_decode_as_one() -> None:
    torch.manual_seed(0)
    unembedding, rows = Unembedding.of(torch.randn(500, 16)), torch.randn(100, 16).double()
    one, many = decode_rows(rows, unembedding, Settings()), decode_rows(rows, unembedding, Settings(buffer=1))
    assert torch.equal(one.tokens, many.tokens)
    assert torch.equal(one.logits, many.logits)
    assert torch.equal(one.coherence, many.coherence)
