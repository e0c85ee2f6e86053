"""Top-k equals float64 brute force in set and order, whichever path a row takes to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.lm_head.decode import decode_rows
from neuronkb.ingest.lm_head.precision import BF16, FP32, INT8, Format
from neuronkb.ingest.lm_head.ranking import LIMIT, Ranking, Tally, brute_force, rank
from neuronkb.ingest.lm_head.scores import TILE, Grouped
from neuronkb.ingest.lm_head.screen import Screened, candidate_scores, rotated, rotation, screen_of
from neuronkb.ingest.lm_head.settings import Settings
from neuronkb.ingest.lm_head.unembedding import Unembedding

FORMATS = {"int8": (INT8, FP32), "bf16": (BF16, FP32), "fp32": (FP32,)}


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def scored(rows: torch.Tensor, unembedding: Unembedding, form: Format) -> Grouped | Screened:
    n_tiles = -(-len(unembedding) // TILE)
    return candidate_scores(rows, unembedding, form, torch.empty(n_tiles, len(rows), TILE, dtype=form.dtype))


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
    assert tally.candidates < 4 * 2 * (250 if path == "int8" else 60)


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
    assert isinstance(scores, Grouped)
    true = (rows / rows.norm(dim=1, keepdim=True)) @ matrix.double().T
    got = scores.tiles[0, :, :90].double()
    bound = scores.absolute[:, None] + scores.relative * got.abs()
    assert ((got - true).abs() <= bound).all()
    # A bound that could never fail would keep every token.
    assert (bound < 0.05 * matrix.double().norm(dim=1).max() + 1e-30).all()
    assert scores.tiles[0, :, 90:].isnan().all()
    assert torch.equal(scores.highest[:, :90], scores.tiles[0, :, :90])


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    width=st.integers(1, 200),
    dtype=st.sampled_from([torch.float32, torch.bfloat16, torch.float64]),
    scale=st.sampled_from([1e-12, 1.0, 1e12]),
    shift=st.sampled_from([0.0, 30.0]),
)
def test_no_int8_score_is_further_off_than_its_bound(
    seed: int, width: int, dtype: torch.dtype, scale: float, shift: float
) -> None:
    """Rows and tokens with outliers, far from the origin, and of very different lengths."""
    rows = random(6, width, seed=seed).double().exp()
    lengths = random(90, 1, seed=seed + 2).exp()
    matrix = ((random(90, width, seed=seed + 1) ** 3 + shift) * lengths * scale).to(dtype)
    scores = scored(rows, Unembedding.of(matrix), INT8)
    assert isinstance(scores, Screened)
    true = scores.rows @ matrix.double().T - scores.means[:, None]
    got = scores.tiles[0, :, :90].double()
    missed, length, relative = scores.reaches.T[:, :, None]
    bound = missed * torch.from_numpy(scores.screen.lengths) + length * torch.from_numpy(scores.screen.errors)
    assert ((got - true).abs() <= bound + relative * got.abs()).all()
    assert scores.tiles[0, :, 90:].isnan().all()


def test_int8_screens_keep_few_tokens_of_rows_with_outliers() -> None:
    """One dimension a hundred times the others would leave them no whole numbers but 0, were blocks not rotated."""
    rows, matrix = random(8, 128).double(), random(3 * TILE, 128, seed=1)
    rows[:, 5] *= 100
    matrix[:, 77] *= 30
    matrix += 10 * random(128, seed=2)
    tally = check(rows, matrix.bfloat16(), 10, "int8")
    assert (tally.sharper, tally.full) == (0, 0)
    assert tally.candidates < 8 * 2 * 1500


@pytest.mark.parametrize("width", [1, 6, 48, 640, 2304])
def test_a_rotation_keeps_products(width: int) -> None:
    turn, rows = rotation(width), random(4, width).double()
    turned = rotated(rows, turn)
    torch.testing.assert_close(turned @ turned.T / len(turn), rows @ rows.T)


def test_int8_of_tokens_that_are_alike() -> None:
    for matrix in (torch.ones(300, 32), torch.eye(32).repeat(9, 1)):
        check(random(3, 32, seed=1).double(), matrix, 10, "int8")


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e30])
def test_numbers_that_int8_screens_do_not_serve(scale: float) -> None:
    unembedding = Unembedding.of(random(50, 16) * scale)
    assert screen_of(unembedding) is None
    found = decode_rows(random(3, 16, seed=1).double(), unembedding, Settings(k=4, precision="int8"))
    exact = brute_force(random(3, 16, seed=1).double(), unembedding, 4)
    assert torch.equal(found.tokens, exact.positions)


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_rows_of_any_length_in_int8(scale: float) -> None:
    check(random(5, 64, seed=1).double() * scale, random(900, 64, seed=2).bfloat16(), 10, "int8")


@pytest.mark.parametrize("k", [150, 700])
def test_more_tokens_than_groups_have(k: int) -> None:
    check(random(2, 32, seed=1).double(), random(700, 32, seed=2).bfloat16(), k, "int8")
