"""The control's rows: every column's values dealt out anew, alike on every machine."""

from __future__ import annotations

import torch
from neuronkb.ingest.similar.shuffled import _order, shuffled


def test_equal_numbers_keep_the_order_of_the_rows() -> None:
    numbers = torch.tensor([[0.5, 0.25], [0.5, 0.75], [0.25, 0.25], [0.5, 0.0]])
    assert _order(numbers).tolist() == [[2, 0, 1, 3], [3, 0, 2, 1]]
    drawn = torch.rand(300, 40, generator=torch.Generator().manual_seed(1))
    order = drawn.argsort(dim=0, stable=True)
    assert torch.equal(_order(drawn), order.T)
    rows = torch.arange(12_000.0).reshape(300, 40)
    assert torch.equal(shuffled(rows, 1), rows.gather(0, order))


def test_columns_keep_their_values_and_lose_their_rows() -> None:
    rows = torch.arange(60.0).reshape(20, 3)
    dealt = shuffled(rows, 7)
    assert torch.equal(dealt.sort(dim=0).values, rows)
    assert not torch.equal(dealt[:, 0] - dealt[:, 1], rows[:, 0] - rows[:, 1])
    assert torch.equal(dealt, shuffled(rows, 7))
