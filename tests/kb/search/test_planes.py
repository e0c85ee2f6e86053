"""Two halves are the whole, and a search through one of them is exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from neuronkb.kb.search import planes
from neuronkb.kb.search.planes import Planes, PlaneWriter, Vectors, join, rounded, split

FLOATS = st.floats(-2, 2, width=32)


def unit(seed: int, rows: int, dimensions: int = 48, spread: float = 1.0) -> Vectors:
    """Random unit vectors; a small `spread` crowds them around one direction."""
    random = np.random.default_rng(seed)
    found = random.normal(size=dimensions) + spread * random.normal(size=(rows, dimensions))
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def brute(vectors: Vectors, query: Vectors, k: int) -> list[int]:
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    return [int(i) for i in np.lexsort((np.arange(len(scores)), -scores))[:k]]


@given(arrays(np.float32, (3, 5), elements=FLOATS))
def test_both_halves_are_the_number(vectors: Vectors) -> None:
    assert np.array_equal(join(*split(vectors)).view(np.uint32), vectors.view(np.uint32))


@given(arrays(np.float32, 8, elements=FLOATS))
def test_the_high_half_is_the_nearest_bfloat16(vectors: Vectors) -> None:
    import torch

    nearest = torch.from_numpy(vectors.copy()).bfloat16().float().numpy()
    assert np.all(np.abs(rounded(vectors) - vectors) <= np.abs(nearest - vectors))


@pytest.mark.parametrize("spread", [1.0, 0.05, 0.001])
def test_a_search_is_that_of_every_row(spread: float) -> None:
    vectors = unit(1, 3000, spread=spread)
    held = Planes.of(vectors)
    for seed in range(10):
        query = unit(100 + seed, 1, spread=spread)[0]
        found, scores = held.nearest(query, 20)
        assert found.tolist() == brute(vectors, query, 20)
        assert np.allclose(scores, vectors[found] @ query, atol=1e-6)


def test_the_first_half_alone_would_be_wrong() -> None:
    vectors = unit(1, 3000, spread=0.01)
    query = unit(100, 1, spread=0.01)[0]
    order = np.argsort(-Planes.of(vectors).rough(query), kind="stable")[:20]
    assert order.tolist() != brute(vectors, query, 20)


def test_equal_rows_go_by_number_and_rows_may_be_left_out() -> None:
    vectors = np.repeat(unit(2, 4), 5, axis=0)
    query = vectors[7]
    held = Planes.of(vectors)
    assert held.nearest(query, 5)[0].tolist() == [5, 6, 7, 8, 9]
    allowed = np.ones(20, bool)
    allowed[[5, 7]] = False
    assert held.nearest(query, 3, allowed)[0].tolist() == [6, 8, 9]
    assert held.nearest(query, 9, np.zeros(20, bool))[0].tolist() == []
    assert len(held.nearest(query, 99)[0]) == 20


def test_negative_cosines_are_ordered_too() -> None:
    vectors = -np.abs(unit(3, 500))
    query = np.abs(unit(4, 1)[0])
    assert Planes.of(vectors).nearest(query, 30)[0].tolist() == brute(vectors, query, 30)


def test_what_is_written_in_blocks_is_read_back(tmp_path: Path) -> None:
    vectors = unit(5, 100)
    writer = PlaneWriter(tmp_path)
    writer.write([vectors[:33], vectors[33:33], vectors[33:]])
    assert writer.rows == 100
    held = Planes.open(tmp_path, 100, 48, writer.error)
    assert np.array_equal(held.rows(np.arange(100)), vectors)
    assert held.nearest(vectors[42], 1)[0].tolist() == [42]


@pytest.mark.parametrize("dimensions", [7, 8])
def test_a_rough_product_is_that_of_rounded_numbers(dimensions: int) -> None:
    vectors, query = unit(6, 2500, dimensions), unit(7, 1, dimensions)[0]
    exact = rounded(vectors).astype(np.float64) @ rounded(query).astype(np.float64)
    assert np.allclose(planes.rough(split(vectors)[0], query), exact, rtol=0, atol=1e-6)
