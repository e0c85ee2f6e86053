import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.activations.histogram import BINS, HALF, Histogram, edges, quantiles
from neuronkb.ingest.activations.kernels import Bits

CPU = torch.device("cpu")


def counted(values: list[float]) -> Histogram:
    found, compiled = Histogram(1, CPU), Histogram(1, CPU)
    tensor = torch.tensor(values).reshape(-1, 1)
    found.take(tensor)
    compiled.add(Bits.of(tensor[None]), slice(0, 1), 0, np.array([len(tensor)]))
    assert torch.equal(found.counts, compiled.counts)
    assert torch.equal(found.zeros, compiled.zeros)
    return found


def test_bins_by_hand() -> None:
    """1 begins the bin [1, 1.25): 10 octaves of 4 above 2^-10; zeros are apart; the ends are open."""
    one = HALF + 40
    found = counted([1.0, 1.24, 1.25, 1.75, 2.0, -1.0, -1.3, 0.0, -0.0, 1e-30, 1e30, -1e30]).counts[0].tolist()
    expected = {one: 2, one + 1: 1, one + 3: 1, one + 4: 1, HALF - 41: 1, HALF - 42: 1, HALF: 1, BINS - 1: 1, 0: 1}
    assert {place: count for place, count in enumerate(found) if count} == expected
    assert counted([0.0, -0.0, 3.0]).zeros.tolist() == [2]
    assert edges()[[one, one + 1, HALF]].tolist() == [1.0, 1.25, 0.0]


@given(st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=50))
def test_every_value_lies_between_its_bins_edges(values: list[float]) -> None:
    kept = [value for value in values if abs(value) > 1e-30]
    found, ends = counted(kept).counts[0].numpy() if kept else np.zeros(BINS), edges()
    for place in np.flatnonzero(found):
        inside = [
            v
            for v in kept
            if (ends[place] <= v < ends[place + 1] if place >= HALF else ends[place] < v <= ends[place + 1])
        ]
        assert len(inside) == found[place]


def test_blank_zeros_do_not_count() -> None:
    found = Histogram(2, CPU)
    found.take(torch.tensor([[0.0, 0.0], [1.0, 0.0]]), blank=1)
    assert found.zeros.tolist() == [0, 1]
    assert found.counts.sum(1).tolist() == [1, 0]


@given(st.lists(st.floats(-50, 50, width=32), min_size=20, max_size=200))
def test_quantiles_are_within_a_bin_of_the_exact_ones(values: list[float]) -> None:
    kept = sorted(value for value in values if abs(value) > 1e-30) or [1.0]
    counts = counted(kept).counts.numpy().astype(np.int64)
    low, high = np.array([kept[0]], float), np.array([kept[-1]], float)
    (found,) = quantiles(counts, (0.25, 0.5, 0.9), low, high)
    for share, value in zip((0.25, 0.5, 0.9), found, strict=True):
        exact = kept[max(0, int(np.ceil(share * len(kept))) - 1)]
        assert abs(value - exact) <= 0.25 * abs(exact) + 2.0**-9
    assert np.isnan(quantiles(np.zeros((1, BINS), np.int64), (0.5,), low, high)).all()
