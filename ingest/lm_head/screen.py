"""The int8 candidate product: the unembedding and the rows as whole numbers, with proven bounds on what that costs.

Three steps make the bounds narrow, and all leave the logits what they were. The tokens' mean row is taken off, for it
adds the same to every logit of a row. Blocks of dimensions are rotated by a Hadamard matrix after a change of signs, so
that no single dimension is much larger than the others and takes all of the whole numbers' range. Rows and tokens have
a step each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...schema import ModelError
from ..products import LEFT, RIGHT, whole_product
from . import kernels
from .precision import INT8, Format
from .scores import TILE, Grouped, Scores, score
from .unembedding import Unembedding

STEP = 4096
"""Tokens quantised at a time."""
BLOCK = 64
"""Dimensions rotated together, at most: more would level outliers further, and cost more rounding."""
MOST = 4096
"""Tokens of one row and pole that are kept for the exact ranking, at most."""
TINY = 2.0**-96
"""More than what numbers too small for float32 add up to."""


@dataclass(frozen=True)
class Screen:
    """An unembedding in int8: `steps[t] * codes[t]` is about token t, centred, rotated, `2^-exponent` as long."""

    codes: torch.Tensor
    """int8 `[n, d_model]`"""
    steps: npt.NDArray[np.float32]
    lengths: npt.NDArray[np.float64]
    """`[n]`: length of the rotated tokens"""
    errors: npt.NDArray[np.float64]
    """`[n]`: length of what the codes miss"""
    mean: torch.Tensor
    """float64 `[d_model]`: what was taken off each token"""
    exponent: int
    """lengths are at most about 1, so that fourth powers of scores are float32 numbers"""
    matrix: tuple[npt.NDArray[Any], np.uint32]
    """the stored tokens as bits, and by how much these are moved left to be float32"""
    residual: float
    """length of what those bits miss of a stored token, at most"""
    longest: float
    """length of the longest stored token, in the screen's unit"""

    @classmethod
    def of(cls, unembedding: Unembedding) -> Screen | None:
        """None where float32 does not hold the numbers."""
        n, width = unembedding.rows.shape
        exponent = int(np.frexp(max(unembedding.max_norm, 1e-300))[1])
        if not -60 < exponent < 60:
            return None
        mean = unembedding.mean.float()
        codes = torch.empty(n, width, dtype=torch.int8)
        steps, lengths, errors = (torch.empty(n, dtype=torch.float64) for _ in range(3))
        turn = rotation(width)
        for start in range(0, n, STEP):
            part = slice(start, start + STEP)
            tokens = rotated((unembedding.rows[part].float() - mean) * 2.0**-exponent, turn.float())
            step = tokens.abs().amax(1, keepdim=True) / RIGHT
            step = step.clamp(min=2.0**-100)
            numbers = (tokens / step).round_()
            codes[part] = numbers.to(torch.int8)
            steps[part] = step[:, 0].double()
            lengths[part] = tokens.norm(dim=1).double()
            errors[part] = torch.addcmul(tokens, numbers, step, value=-1).norm(dim=1).double()
        # What float32 may round: the subtraction, the rotation's sums, and the lengths themselves.
        rounding = len(turn) ** 1.5 * 2.0**-22 + width * 2.0**-23
        whole = len(turn) ** 0.5 * (unembedding.max_norm + float(mean.double().norm())) * 2.0**-exponent
        lengths = lengths * (1.0 + rounding) + whole * 2.0**-22
        errors = errors * (1.0 + width * 2.0**-23) + rounding * lengths + whole * 2.0**-22 + TINY
        words, shift, residual = bits_of(unembedding)
        return cls(
            codes,
            steps.float().numpy(),
            lengths.numpy(),
            errors.numpy(),
            mean.double(),
            exponent,
            (words, shift),
            residual,
            unembedding.max_norm * 2.0**-exponent,
        )

    def groups(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The largest of each group of tokens: `[n_tiles, GROUPS]`."""
        padded = np.zeros(-(-len(numbers) // TILE) * TILE)
        padded[: len(numbers)] = numbers
        pieces = padded.reshape(-1, TILE // kernels.STRIDE, kernels.GROUPS, kernels.PIECE)
        largest: npt.NDArray[np.float64] = pieces.max((1, 3))
        return largest

    @cached_property
    def tokens(self) -> tuple[kernels.Array, kernels.Array, kernels.Array, kernels.Array]:
        """Lengths and errors of every token, then of every group."""
        return self.lengths, self.errors, self.groups(self.lengths), self.groups(self.errors)

    def scores(self, rows: torch.Tensor, buffer: torch.Tensor) -> Screened:
        """Score rows (float64 `[n_rows, d_model]`, none zero) into `buffer` bfloat16 `[n_tiles, >= n_rows, TILE]`."""
        norms = rows.norm(dim=1)
        unit = rows / norms[:, None]
        turn = rotation(rows.shape[1])
        turned = rotated(unit, turn) / len(turn)
        step = (turned.abs().amax(1, keepdim=True) / LEFT).float().double()
        codes = (turned / step).round()
        held = codes * step
        kept = buffer.view(torch.int16).numpy().view(np.uint16)
        high, low, sums = _fill(codes.to(torch.int8), step, self, kept)
        missed, length = (turned - held).norm(dim=1), held.norm(dim=1)
        # Each score is a float32 product of four numbers, then rounded to bfloat16.
        reaches = torch.stack([missed, length, torch.full_like(missed, 1.01 * INT8.output)], dim=1)
        scaled = unit * 2.0**-self.exponent
        return Screened(
            buffer[:, : len(rows)],
            norms * 2.0**self.exponent,
            torch.zeros_like(norms),
            len(self.codes),
            sums,
            screen=self,
            rows=scaled,
            kept=kept,
            high=high,
            low=low,
            means=scaled @ self.mean,
            reaches=reaches * (1.0 + 2.0**-40),
        )


@dataclass(frozen=True)
class Screened(Scores):
    """Scores less those of the mean token, from which they are off by what `reaches` says."""

    screen: Screen
    rows: torch.Tensor
    """float64 `[n_rows, d_model]`: the rows at unit length, in the screen's unit"""
    kept: npt.NDArray[np.uint16]
    """bits of the tiles, rows of an earlier block behind these among them"""
    high: npt.NDArray[np.float32]
    """`[n_tiles, n_rows, GROUPS]`: the largest score of each group"""
    low: npt.NDArray[np.float32]
    means: torch.Tensor
    """float64 `[n_rows]`: what the scores lack"""
    reaches: torch.Tensor
    """float64 `[n_rows, 3]`, see `kernels.certify`"""

    def candidates(self, k: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, int]:
        """Every token that may be among the top k: slots (2 x row + pole) and positions int64 `[n]`; the rows that have
        too many, bool `[n_rows]`; and how many tokens were multiplied in float64."""
        shape = len(self.rows), 2
        limit = max(MOST, 2 * k)
        found = np.empty((*shape, limit), np.int64)
        counts, looked = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        words, shift = self.screen.matrix
        width = self.rows.shape[1]
        slack = width * 2.0**-51 * self.screen.longest + self.screen.residual * 2.0**-self.screen.exponent + TINY
        kernels.pick(
            self.kept,
            self.high,
            self.low,
            self.rows.numpy(),
            self.means.numpy(),
            self.reaches.numpy(),
            self.screen.tokens,
            (words, shift, slack),
            k,
            found,
            counts,
            looked,
        )
        crowded = (counts < 0).any(1)
        counts[crowded] = 0
        kept = np.arange(limit) < counts[:, :, None]
        slots = np.repeat(np.arange(counts.size), counts.ravel())
        return torch.from_numpy(slots), torch.from_numpy(found[kept]), torch.from_numpy(crowded), int(looked.sum())


def _fill(
    codes: torch.Tensor, steps: torch.Tensor, screen: Screen, kept: npt.NDArray[np.uint16]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], torch.Tensor]:
    """Extremes by group float32 `[n_tiles, n_rows, GROUPS]`, and the sums of second, third and fourth powers float64
    `[n_rows, 3]`."""
    shape = len(kept), len(codes), kernels.GROUPS
    high, low, sums = np.empty(shape, np.float32), np.empty(shape, np.float32), np.zeros((len(codes), 3))
    row_steps = steps[:, 0].float().numpy()
    products = torch.empty(len(codes), TILE, dtype=torch.int32)
    for number in range(len(kept)):
        part = slice(number * TILE, (number + 1) * TILE)
        tokens = screen.codes[part]
        if len(tokens) < TILE:
            products = torch.empty(len(codes), len(tokens), dtype=torch.int32)
        whole_product(codes, tokens, products)
        kernels.scan(products.numpy(), row_steps, screen.steps[part], kept[number], high[number], low[number], sums)
    return high, low, torch.from_numpy(sums)


def candidate_scores(
    rows: torch.Tensor, unembedding: Unembedding, form: Format, buffer: torch.Tensor
) -> Grouped | Screened:
    """Scores of rows (float64 `[n_rows, d_model]`, none zero) in a format, into `buffer`, from which tokens are ranked.

    The format is INT8 only where the unembedding has a screen.
    """
    if not form.whole:
        return score(rows, unembedding, form, buffer)
    screen = screen_of(unembedding)
    if screen is None:
        raise ModelError("the unembedding's numbers are too large or too small for int8 candidates; use fp32")
    return screen.scores(rows, buffer)


def screen_of(unembedding: Unembedding) -> Screen | None:
    """The unembedding in int8, made at the first call; None where float32 does not hold its numbers."""
    with unembedding.lock:
        if not unembedding.screens:
            unembedding.screens.append(Screen.of(unembedding))
        return unembedding.screens[0]


def rotation(width: int) -> torch.Tensor:
    """float64 `[b, b]` of 1 and -1 with b the largest power of two in `width`, at most BLOCK. R^T R is b times the
    identity; columns change sign at random, so that equal numbers do not add up in one place."""
    size = min(BLOCK, width & -width)
    found = torch.ones(1, 1, dtype=torch.float64)
    while len(found) < size:
        found = torch.cat([torch.cat([found, found], 1), torch.cat([found, -found], 1)])
    signs = torch.randint(0, 2, (size,), generator=torch.Generator().manual_seed(0)) * 2 - 1
    return found * signs


def rotated(rows: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Each block of dimensions times the rotation, without its scale."""
    return (rows.reshape(-1, len(turn)) @ turn.T).view(rows.shape)


def bits_of(unembedding: Unembedding) -> tuple[npt.NDArray[Any], np.uint32, float]:
    """The stored rows as the kernels read them; float16 and float64 as float32, with the longest residual."""
    rows, residual = unembedding.rows, 0.0
    if rows.dtype == torch.bfloat16:
        return rows.contiguous().view(torch.int16).numpy().view(np.uint16), np.uint32(16), residual
    rows, residual = unembedding.cast(torch.float32)
    return rows.contiguous().view(torch.int32).numpy().view(np.uint32), np.uint32(0), residual
