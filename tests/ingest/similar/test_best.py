"""Streaming top-k is the top-k of everything at once, however the scores are cut into blocks."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.similar.best import Best

CPU = torch.device("cpu")


@given(
    st.integers(0, 2**31),
    st.integers(1, 5),
    st.lists(st.integers(1, 150), min_size=1, max_size=5),
    st.integers(1, 7),
    st.booleans(),
)
def test_any_blocks_give_the_top_of_all(seed: int, n: int, widths: list[int], k: int, turned: bool) -> None:
    torch.manual_seed(seed)
    scores = torch.rand(n, sum(widths), dtype=torch.float64)
    best = Best(n, k, CPU, torch.float64)
    at = 0
    for width in widths:
        part = scores[:, at : at + width]
        best.offer(part.T.contiguous().T if turned else part, at)
        at += width
    top = scores.topk(min(k, scores.shape[1]), dim=1)
    kept = top.values.shape[1]
    assert torch.equal(best.values[:, :kept], top.values)
    assert torch.equal(best.ids[:, :kept], top.indices)
    assert (best.ids[:, kept:] == -1).all()


def test_slots_in_parts_and_what_is_never_kept() -> None:
    best = Best(3, 2, CPU)
    best.offer(torch.tensor([[1.0, -torch.inf, 3.0]]), 0, start=1)
    best.offer(torch.tensor([[2.0, 5.0], [0.5, 9.0]]), 10, start=1)
    assert best.values.tolist() == [[-torch.inf] * 2, [5.0, 3.0], [9.0, 0.5]]
    assert best.ids.tolist() == [[-1, -1], [11, 2], [11, 10]]
    assert best.floor.tolist() == [-torch.inf, 3.0, 0.5]
