"""One layer's reductions do not depend on how its neurons are shared out among workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from neuronkb.ingest.activations.layer import Batch, Layer
from neuronkb.ingest.activations.settings import Settings
from neuronkb.ingest.team import Team

CPU, N, LENGTH, TOKENS = torch.device("cpu"), 37, 10, 5


def batch(first: int, slots: torch.Tensor) -> Batch:
    windows = torch.arange(first, first + 8, dtype=torch.int32)
    held = windows % 3 == 0
    return Batch(windows, windows // 2, held, slots.masked_fill(held[:, None], -1), bos=True)


def reduced(team: Team, values: list[torch.Tensor], slots: list[torch.Tensor]) -> Layer:
    counts = torch.full((TOKENS,), 100)
    layer = Layer(0, N, LENGTH, (1, -1), counts, Settings(k=3, per_band=2), team, CPU)
    for number, (value, slot) in enumerate(zip(values, slots, strict=True)):
        layer.take(value, batch(8 * number, slot))
    for number, (value, slot) in enumerate(zip(values, slots, strict=True)):
        layer.draw(value, batch(8 * number, slot))
    return layer


@pytest.fixture
def two_threads() -> Iterator[None]:
    """What a team makes two workers of."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("two_threads")
def test_one_worker_and_several_hold_the_same() -> None:
    torch.manual_seed(0)
    values = [torch.randn(8, LENGTH, N) for _ in range(6)]
    slots = [torch.randint(-1, TOKENS, (8, LENGTH)) for _ in range(6)]
    with Team(CPU, 1) as one, Team(CPU) as several:
        assert (one.size, several.size) == (1, 2)
        alone, shared = (reduced(team, values, slots).tensors() for team in (one, several))
    assert alone.keys() == shared.keys()
    for name, found in alone.items():
        # Sums of a batch are float32, and vector lanes add in another order than what is left beside them.
        same = (
            torch.allclose(found, shared[name], rtol=1e-6, atol=1e-4)
            if name.endswith("sums")
            else torch.equal(found, shared[name])
        )
        assert same, name
    assert alone["moments.count"] == 6 * 8 * (LENGTH - 1)
    flat = torch.stack([v[:, 1:] for v in values]).double().reshape(-1, N)
    assert torch.allclose(alone["moments.sums"][1], flat.square().sum(0))
    assert torch.equal(alone["moments.high"], flat.amax(0).float())
