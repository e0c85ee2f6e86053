import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.activations.examples import Examples
from neuronkb.ingest.activations.kernels import Bits

N, LENGTH = 3, 2


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.lists(st.integers(-2, 6), min_size=N, max_size=N)), min_size=1, max_size=40
    ).map(lambda found: sorted(found, key=lambda window: window[0])),
    st.integers(1, 4),
    st.integers(1, 7),
    st.booleans(),
)
def test_the_best_of_each_document_ties_to_the_earlier(
    windows: list[tuple[int, list[int]]], k: int, batch: int, compiled: bool
) -> None:
    """Against sorting everything; scores of -2 stand for windows that are not eligible."""
    found = Examples(N, k, LENGTH, torch.device("cpu"))
    for first in range(0, len(windows), batch):
        part = windows[first : first + batch]
        scores = torch.tensor([[float(s) if s > -2 else -torch.inf for s in row] for _, row in part])
        numbers = torch.arange(first, first + len(part), dtype=torch.int32)
        documents = torch.tensor([d for d, _ in part], dtype=torch.int32)
        values = torch.stack([torch.full((LENGTH, N), float(first + i)) for i in range(len(part))])
        if compiled:
            found.insert(scores, numbers, documents, Bits.of(values), None, slice(0, N), 0, np.full(len(part), LENGTH))
        else:
            found.offer(scores, numbers, documents, values)
    for neuron in range(N):
        expected: list[int] = []
        for window in sorted(range(len(windows)), key=lambda w: (-windows[w][1][neuron], w)):
            taken = {windows[w][0] for w in expected}
            if windows[window][1][neuron] > -2 and windows[window][0] not in taken and len(expected) < k:
                expected.append(window)
        kept = found.windows[neuron].tolist()
        assert kept == expected + [-1] * (k - len(expected))
        for rank, window in enumerate(expected):
            assert found.values[neuron, rank].tolist() == [float(window)] * LENGTH
            assert found.scores[neuron, rank] == windows[window][1][neuron]


def test_a_state_is_taken_up_again() -> None:
    one, two = (Examples(1, 2, 1, torch.device("cpu")) for _ in range(2))
    number = torch.tensor([0], dtype=torch.int32)
    one.offer(torch.tensor([[2.0]]), number, number, torch.tensor([[[5.0]]]))
    two.restore({name: tensor.clone() for name, tensor in one.tensors().items()})
    assert two.windows.tolist() == [[0, -1]]
    assert two.values[0, 0].tolist() == [5.0]
