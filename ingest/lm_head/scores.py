"""The candidate product: approximate scores of a block of rows against all tokens, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .precision import Format, accumulation
from .unembedding import Unembedding

TILE = 4096
"""Tokens a tile, and groups of tokens: position p is in group p mod TILE, a column of the tiles. A tile of scores stays
in cache while its extremes are taken; fewer groups would be quicker to search, and hold more tokens."""


@dataclass(frozen=True)
class Scores:
    """Scores of rows scaled to one length. Position p is column p mod TILE of tile p // TILE."""

    tiles: torch.Tensor
    """`[n_tiles, n_rows, TILE]` in the format's dtype; NaN past the end of the vocabulary"""
    norms: torch.Tensor
    """float64 `[n_rows]`: what makes logits of scores, the length of the rows before scaling"""
    centres: torch.Tensor
    """float64 `[n_rows]`: mean score, of the rounded unit row"""
    n_tokens: int
    powers: torch.Tensor | None
    """float64 `[n_rows, 3]`: sums of the second, third and fourth powers of the scores less their mean, where known"""


@dataclass(frozen=True)
class Grouped(Scores):
    """Scores of unit rows with the extremes of groups of tokens."""

    highest: torch.Tensor
    """`[n_rows, TILE]`: largest score of each group; -inf for one without tokens"""
    lowest: torch.Tensor
    """`[n_rows, TILE]`: smallest score of each group; inf for one without tokens"""
    absolute: torch.Tensor
    """float64 `[n_rows]`: |score - true unit score| <= absolute + relative * |score|"""
    relative: float


def block_rows(n_tokens: int, width: Format, budget: int) -> int:
    """How many rows fit a buffer of `budget` bytes: a multiple of 16, at most 256."""
    tiles = -(-n_tokens // TILE) * TILE
    fit = budget // (tiles * width.dtype.itemsize)
    return int(max(16, min(256, fit // 16 * 16)))


def score(rows: torch.Tensor, unembedding: Unembedding, form: Format, buffer: torch.Tensor) -> Grouped:
    """Score rows (float64 `[n_rows, d_model]`, none zero) in `form`, into `buffer` (see `Scores.tiles`).

    The bound adds up: the row's actual rounding residual times the longest unembedding row, the unembedding's own
    residual, float32 summation, underflow, and the rounding of the stored score.
    """
    matrix, residual = unembedding.cast(form.dtype)
    norms = rows.norm(dim=1)
    unit = rows / norms[:, None]
    left = unit.to(form.dtype)
    width = rows.shape[1]
    rounding = (unit - left.double()).norm(dim=1)
    longest = unembedding.max_norm + residual
    absolute = rounding * unembedding.max_norm + left.double().norm(dim=1) * residual
    # 1.01: the cast row may be a little longer than 1. 2^-126: where products underflow they are flushed.
    absolute = absolute + 1.01 * accumulation(width) * longest + width * 2.0**-126 * (2.0 + longest)
    tiles = buffer[:, : len(rows)]
    highest, lowest = _fill(left, matrix, tiles)
    centres = left.double() @ unembedding.mean
    return Grouped(
        tiles, norms, centres, len(unembedding), None, highest, lowest, absolute, relative=1.01 * form.output
    )


def _fill(left: torch.Tensor, matrix: torch.Tensor, tiles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    highest = tiles.new_full((len(left), TILE), -torch.inf)
    lowest = tiles.new_full((len(left), TILE), torch.inf)
    for number, tile in enumerate(tiles):
        block = matrix[number * TILE : (number + 1) * TILE].T
        size = block.shape[1]
        if size == TILE:
            torch.mm(left, block, out=tile)
        else:
            tile[:, :size] = left @ block
            tile[:, size:] = torch.nan
        part, high, low = tile[:, :size], highest[:, :size], lowest[:, :size]
        torch.maximum(high, part, out=high)
        torch.minimum(low, part, out=low)
    return highest, lowest
