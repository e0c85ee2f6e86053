"""DECODES_TO rows become arrays by neuron and rank, whatever their order; gaps are named."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from neuronkb.ingest.links.decoded import tops, translated
from neuronkb.schema import LinkError


def rows(neurons: int = 3, k: int = 2) -> pa.Table:
    made = [
        {
            "start": f"lab/L1/N2/L4/N{n}",
            "end": f"abc/T{100 * n + 10 * rank + (pole < 0)}",
            "projection": projection,
            "pole": pole,
            "rank": rank,
        }
        for n in range(neurons)
        for projection in ("up", "down")
        for pole in (1, -1)
        for rank in range(1, k + 1)
    ]
    return pa.Table.from_pylist(made)


def test_by_neuron_and_rank_in_any_order() -> None:
    data = rows()
    shuffled = data.take(pa.array(np.random.default_rng(0).permutation(data.num_rows)))
    found = tops(shuffled, 3, "layer 4")
    assert set(found) == {("up", 1), ("up", -1), ("down", 1), ("down", -1)}
    assert found["up", 1].tolist() == [[10, 20], [110, 120], [210, 220]]
    assert found["down", -1].tolist() == [[11, 21], [111, 121], [211, 221]]


def test_a_layer_that_is_missing_or_in_part() -> None:
    with pytest.raises(LinkError, match="layer 4 is not decoded"):
        tops(rows().slice(0, 0), 3, "layer 4")
    with pytest.raises(LinkError, match="layer 4 is decoded in part"):
        tops(rows(), 4, "layer 4")


def test_tokens_the_base_has_not_match_nothing() -> None:
    side = np.array([[5, 7], [6, 5]])
    found = translated(side, {5: 50, 6: 60})
    assert found[:, 0].tolist() == [50, 60]
    assert found[1, 1] == 50
    assert found[0, 1] < 0
