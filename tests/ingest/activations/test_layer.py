"""One layer's reductions: the CPU's loops, some neurons at a time, hold what the tensor operations of a GPU hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from neuronkb.ingest.activations import layer as layers
from neuronkb.ingest.activations.layer import Batch, Layer
from neuronkb.ingest.activations.settings import Settings
from neuronkb.schema import ModelError

CPU, N, LENGTH, TOKENS = torch.device("cpu"), 37, 10, 5


def batch(first: int, slots: torch.Tensor, bos: bool = True, short: bool = False) -> Batch:
    """Of eight windows; with `short` each is one token shorter than the one before."""
    windows = torch.arange(first, first + 8, dtype=torch.int32)
    held = windows % 3 == 0
    slots = slots.masked_fill(held[:, None], -1)
    if bos:
        slots[:, 0] = -1
    ends = np.full(8, slots.shape[1]) - np.arange(8) * short
    slots[torch.arange(slots.shape[1]) >= torch.from_numpy(ends)[:, None]] = -1
    return Batch(windows, windows // (1 if short else 2), held, slots, bos, ends)


def codes_of(values: torch.Tensor) -> torch.Tensor:
    """Codes 1 to 4 of made-up signs: of the value and of its last digit."""
    return (1 + 2 * (values <= 0) + ((values * 10).round() % 2 == 0)).to(torch.uint8)


def by_loops(found: Layer, values: torch.Tensor, seen: Batch, drawing: bool) -> None:
    """In the opposite order: shares of a layer's neurons do not depend on one another."""
    for task in reversed(found.tasks(values, codes_of(values), seen, drawing)):
        task()


def by_tensors(found: Layer, values: torch.Tensor, seen: Batch, drawing: bool) -> None:
    """What a GPU runs."""
    if not drawing:
        return found._take_all(values, codes_of(values), seen)
    lots = {pole: found._lots(seen.windows, pole, N) for pole in found.poles}
    return found._draw_all(values, codes_of(values), seen, lots, {pole: found._limits(pole) for pole in found.poles})


Way = Callable[[Layer, torch.Tensor, Batch, bool], None]


def reduced(way: Way, values: list[torch.Tensor], batches: list[Batch]) -> Layer:
    counts = torch.full((TOKENS,), 100)
    found = Layer(0, N, LENGTH, (1, -1), counts, Settings(k=3, per_band=2), CPU, gated=True)
    for drawing in (False, True):
        for value, seen in zip(values, batches, strict=True):
            way(found, value, seen, drawing)
            if not drawing:
                found.counted(seen)
    return found


@pytest.mark.parametrize("short", [False, True], ids=["whole", "short"])
@pytest.mark.parametrize("bos", [True, False])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.float16])
def test_loops_and_tensor_operations_hold_the_same(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype, bos: bool, short: bool
) -> None:
    monkeypatch.setattr(layers, "WIDTH", 16)
    torch.manual_seed(0)
    values = [(torch.randn(8, LENGTH, N) * 2).round(decimals=1).to(dtype) for _ in range(6)]
    values[0][:, :, 3] = 0.0
    values[1][2, 4, :] = -0.0
    batches = [batch(8 * i, torch.randint(-1, TOKENS, (8, LENGTH)), bos, short and i > 2) for i in range(6)]
    if short:  # what stands behind a window's end may be anything, and the last batch has no window of full length
        for value, seen in zip(values, batches, strict=True):
            value[torch.arange(LENGTH) >= torch.from_numpy(seen.ends)[:, None]] = torch.nan
        values[5] = values[5][:, : LENGTH - 1]
        batches[5] = replace(batches[5], slots=batches[5].slots[:, :-1], ends=np.minimum(batches[5].ends, LENGTH - 1))
    ours, plain = reduced(by_loops, values, batches), reduced(by_tensors, values, batches)
    found, wanted = ours.tensors(), plain.tensors()
    assert found.keys() == wanted.keys()
    for name, tensor in found.items():
        if name.endswith(("slots", "values", ".signs")):
            continue
        # Sums of a window are float32 here, of a batch there.
        close = name.endswith("sums")
        same = (
            torch.allclose(tensor, wanted[name], rtol=1e-5, atol=1e-3) if close else torch.equal(tensor, wanted[name])
        )
        assert same, name
    held = [(kept, plain.top[pole]) for pole, kept in ours.top.items()]
    held += [(kept, plain.bands[band]) for band, kept in ours.bands.items()]
    for one, two in held:
        assert torch.equal(one.values, two.values)
        assert one.signs is not None
        assert two.signs is not None
        assert torch.equal(one.signs, two.signs)
    counted = [
        torch.arange(v.shape[1]) < torch.from_numpy(b.ends)[:, None] for v, b in zip(values, batches, strict=True)
    ]
    for inside in counted:
        inside[:, : int(bos)] = False
    codes = torch.cat([codes_of(v)[inside] for v, inside in zip(values, counted, strict=True)])
    assert ours.signs is not None
    assert torch.equal(ours.signs.counts, torch.stack([(codes == c).sum(0) for c in (1, 2, 3, 4)]))
    assert found["moments.count"] == sum(inside.sum() for inside in counted)
    flat = torch.cat([v[inside] for v, inside in zip(values, counted, strict=True)]).double()
    assert torch.allclose(found["moments.sums"][1], flat.square().sum(0), rtol=1e-5)
    assert torch.equal(found["moments.high"], flat.amax(0).float())
    assert torch.equal(found["histogram.counts"].sum(1), torch.full((N,), len(flat)))


def test_an_activation_that_is_not_finite_is_named() -> None:
    values = torch.zeros(8, LENGTH, N)
    values[3, 4, 5] = torch.nan
    found = Layer(2, N, LENGTH, (1,), torch.zeros(TOKENS), Settings(), CPU)
    for task in found.tasks(values, None, seen := batch(0, torch.zeros(8, LENGTH, dtype=torch.int64))):
        task()
    with pytest.raises(ModelError, match="layer 2: neuron 5 has activations that are not finite in windows 0 to 7"):
        found.counted(seen)
