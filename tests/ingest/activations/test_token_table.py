import numpy as np
import torch
from neuronkb.ingest.activations.token_table import TokenTable, frequent


def test_the_most_frequent_that_fit_ascending() -> None:
    counts = np.array([9, 3, 8, 8, 20, 8])
    assert frequent(counts, least=8, room=10).tolist() == [0, 2, 3, 4, 5]
    assert frequent(counts, least=8, room=3).tolist() == [0, 2, 4]
    assert frequent(counts, least=100, room=3).tolist() == []


def test_sums_and_extremes_by_token() -> None:
    table = TokenTable(2, 2, torch.device("cpu"))
    table.take(torch.tensor([[1.0, -1.0], [4.0, 2.0], [3.0, 5.0]]), torch.tensor([1, 0, 1]))
    assert table.sums.tolist() == [[4.0, 2.0], [4.0, 4.0]]
    assert table.high.tolist() == [[4.0, 2.0], [3.0, 5.0]]
    assert table.low.tolist() == [[4.0, 2.0], [1.0, -1.0]]
