"""Row cosines, noise of a given size, and overlaps of token lists, by hand and by definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.links.compare import jaccard, noisy, row_cosines, same_top


def test_cosines_by_hand() -> None:
    base = torch.tensor([[1.0, 0.0], [3.0, 4.0], [0.0, 2.0], [1.0, 1.0]])
    tuned = torch.tensor([[0.0, 1.0], [6.0, 8.0], [0.0, -1.0], [1.0, 1.0]])
    cosine, delta = row_cosines(base, tuned)
    np.testing.assert_allclose(cosine, [0, 1, -1, 1], atol=1e-15)
    np.testing.assert_allclose(delta, [np.sqrt(2), 1, 1.5, 0], atol=1e-15)


def test_equal_rows_are_exactly_equal_in_any_dtype() -> None:
    rows = torch.randn(50, 7, dtype=torch.bfloat16)
    cosine, delta = row_cosines(rows, rows.clone())
    assert (cosine == 1).all()
    assert (delta == 0).all()


def test_a_zero_row_is_like_no_other_and_like_itself() -> None:
    zero, one = torch.zeros(1, 3), torch.ones(1, 3)
    assert row_cosines(zero, one)[0].tolist() == [0]
    assert row_cosines(zero, zero)[0].tolist() == [1]


def test_noise_moves_each_row_as_far_as_the_fine_tune_did() -> None:
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(300, 64, generator=generator)
    tuned = base + torch.randn(300, 64, generator=generator) * torch.linspace(0.01, 1, 300)[:, None]
    moved = noisy(base, tuned, seed=5)
    torch.testing.assert_close((moved - base).norm(dim=1), (tuned - base).norm(dim=1), rtol=1e-5, atol=1e-6)
    # In a random direction: as often with the fine-tune's change as against it.
    alike = torch.nn.functional.cosine_similarity(moved - base, tuned - base)
    assert abs(float(alike.mean())) < 0.05
    assert torch.equal(moved, noisy(base, tuned, seed=5))
    assert not torch.equal(moved, noisy(base, tuned, seed=6))


def test_overlap_by_hand() -> None:
    one = np.array([[1, 2, 3, 4], [1, 2, 3, 4], [9, 8, 7, 6]])
    two = np.array([[1, 2, 3, 4], [4, 3, 9, 8], [1, 2, 3, 4]])
    assert same_top(one, two).tolist() == [True, False, False]
    np.testing.assert_allclose(jaccard(one, two), [1, 2 / 6, 0])


@given(st.lists(st.tuples(*[st.sets(st.integers(0, 8), min_size=3, max_size=3)] * 2), min_size=1, max_size=5))
def test_jaccard_is_the_definition(sets: list[tuple[set[int], set[int]]]) -> None:
    one, two = (np.array([sorted(pair[i]) for pair in sets]) for i in (0, 1))
    assert jaccard(one, two).tolist() == pytest.approx([len(a & b) / len(a | b) for a, b in sets])
