"""Top-k equals float64 brute force in set and order, whichever path a row takes to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.lm_head.precision import BF16, FP32, Format
from neuronkb.ingest.lm_head.ranking import LIMIT, Ranking, Tally, brute_force, rank
from neuronkb.ingest.lm_head.scores import TILE, Scores, score
from neuronkb.ingest.lm_head.unembedding import Unembedding

FORMATS = {"bf16": (BF16, FP32), "fp32": (FP32,)}


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def scored(rows: torch.Tensor, unembedding: Unembedding, form: Format) -> Scores:
    n_tiles = -(-len(unembedding) // TILE)
    return score(rows, unembedding, form, torch.empty(n_tiles, len(rows), TILE, dtype=form.dtype))


def ranked(
    rows: torch.Tensor, matrix: torch.Tensor, k: int, path: str, tally: Tally | None = None
) -> tuple[Ranking, np.ndarray, np.ndarray]:
    """What `rank` finds, and what numpy's float64 sort of all logits says."""
    unembedding, ladder = Unembedding.of(matrix), FORMATS[path]
    found = rank(scored(rows, unembedding, ladder[0]), rows, unembedding, k, ladder[1:], tally)
    # One order of summation for every token, so that equal rows have equal logits.
    logits = np.array([[(r * u).sum() for u in matrix.double().numpy()] for r in rows.numpy()])
    both = np.stack([logits, -logits], axis=1)
    order = np.argsort(-both, axis=2, kind="stable")[:, :, :k]
    return found, order, np.take_along_axis(both, order, axis=2)


def check(rows: torch.Tensor, matrix: torch.Tensor, k: int, path: str) -> Tally:
    tally = Tally()
    found, order, logits = ranked(rows, matrix, k, path, tally)
    np.testing.assert_array_equal(found.positions.numpy(), order)
    np.testing.assert_allclose(found.logits.numpy(), logits, rtol=1e-12, atol=1e-12)
    return tally


@pytest.mark.parametrize("path", FORMATS)
@settings(max_examples=40, deadline=None)
@given(
    n_rows=st.integers(1, 9),
    n_tokens=st.integers(1, 300),
    width=st.integers(1, 40),
    k=st.integers(1, 12),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.float16]),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
    seed=st.integers(0, 10**6),
)
def test_any_shape(
    path: str, n_rows: int, n_tokens: int, width: int, k: int, dtype: torch.dtype, scale: float, seed: int
) -> None:
    rows = random(n_rows, width, seed=seed).double() * scale
    check(rows, random(n_tokens, width, seed=seed + 1).to(dtype), min(k, n_tokens), path)


@pytest.mark.parametrize("path", FORMATS)
def test_several_tiles_and_a_part_of_one(path: str) -> None:
    tally = check(random(4, 24).double(), random(2 * TILE + 77, 24, seed=1).bfloat16(), 10, path)
    assert (tally.rows, tally.sharper, tally.full) == (4, 0, 0)
    # Few tokens are rescored, or the candidates bought nothing.
    assert tally.candidates < 4 * 2 * 60


@pytest.mark.parametrize("path", FORMATS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n_tokens=st.integers(5, 200))
def test_ties_go_to_the_smaller_token(path: str, seed: int, n_tokens: int) -> None:
    """Small whole numbers: exact in every format, and full of ties."""
    generator = torch.Generator().manual_seed(seed)
    matrix = torch.randint(-2, 3, (n_tokens, 6), generator=generator).float()
    rows = torch.randint(-2, 3, (5, 6), generator=generator).double()
    rows[:, 0] = 1.0
    check(rows, matrix, 5, path)


@pytest.mark.parametrize("path", FORMATS)
def test_copies_of_one_row_in_different_tiles(path: str) -> None:
    matrix = random(TILE + 500, 32).bfloat16()
    matrix[[7, 900, TILE + 3, TILE + 499]] = (random(32, seed=5) * 3).bfloat16()
    rows = torch.cat([random(3, 32, seed=2).double(), matrix[7:8].double(), -matrix[7:8].double()])
    check(rows, matrix, 10, path)
    found, order, _ = ranked(rows, matrix, 4, path)
    assert found.positions[3, 0].tolist() == order[3, 0].tolist() == [7, 900, TILE + 3, TILE + 499]
    assert found.positions[4, 1].tolist() == [7, 900, TILE + 3, TILE + 499]


def crowd(n: int, spread: float) -> torch.Tensor:
    """n tokens on nearly one direction, `spread` apart, among 300 others."""
    generator = torch.Generator().manual_seed(11)
    near = torch.ones(n, 16, dtype=torch.float64) + spread * torch.randn(
        n, 16, generator=generator, dtype=torch.float64
    )
    matrix = torch.cat([near, 0.1 * torch.randn(300, 16, generator=generator, dtype=torch.float64)])
    return matrix[torch.randperm(len(matrix), generator=generator)]


@pytest.mark.parametrize(
    ("n", "spread", "widened", "sharper", "full"),
    [
        (200, 1e-4, True, 0, 0),  # more groups than are looked into at first
        (LIMIT + 900, 1e-3, True, 1, 0),  # more candidates than bf16 can tell apart cheaply
        (LIMIT + 900, 1e-9, True, 1, 1),  # more than float32 can
    ],
)
def test_rows_whose_certificate_fails_take_a_sharper_path(
    n: int, spread: float, widened: bool, sharper: int, full: int
) -> None:
    matrix = crowd(n, spread)
    rows = torch.cat([torch.ones(1, 16).double(), random(3, 16, seed=4).double() - 0.2])
    unembedding, tally = Unembedding.of(matrix), Tally()
    found = rank(scored(rows, unembedding, BF16), rows, unembedding, 10, (FP32,), tally)
    exact = brute_force(rows, unembedding, 10)
    assert torch.equal(found.positions, exact.positions)
    assert torch.equal(found.logits, exact.logits)
    assert (tally.widened > 0) == widened
    assert tally.rows == 4
    assert (tally.sharper > 0, tally.full > 0) == (bool(sharper), bool(full))


def test_brute_force_is_the_definition() -> None:
    rows, matrix = random(3, 8).double(), random(50, 8, seed=1)
    exact = brute_force(rows, Unembedding.of(matrix), 4)
    logits = rows @ matrix.double().T
    assert torch.equal(exact.positions[:, 0], logits.topk(4).indices)
    assert torch.equal(exact.positions[:, 1], (-logits).topk(4).indices)


@pytest.mark.parametrize("form", [BF16, FP32])
@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    width=st.integers(1, 200),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.float64]),
    scale=st.sampled_from([1e-30, 1.0, 1e6]),
)
def test_no_score_is_further_off_than_its_bound(
    form: Format, seed: int, width: int, dtype: torch.dtype, scale: float
) -> None:
    rows = random(6, width, seed=seed).double().exp()
    matrix = (random(90, width, seed=seed + 1) * scale).to(dtype)
    scores = scored(rows, Unembedding.of(matrix), form)
    true = (rows / rows.norm(dim=1, keepdim=True)) @ matrix.double().T
    got = scores.tiles[0, :, :90].double()
    bound = scores.absolute[:, None] + scores.relative * got.abs()
    assert ((got - true).abs() <= bound).all()
    # A bound that could never fail would keep every token.
    assert (bound < 0.05 * matrix.double().norm(dim=1).max() + 1e-30).all()
    assert scores.tiles[0, :, 90:].isnan().all()
    assert torch.equal(scores.highest[:, :90], scores.tiles[0, :, :90])
