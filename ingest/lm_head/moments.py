"""Numbers over the whole ranking of a row: moments, logsumexp, entropy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from .ranking import Ranking
from .scores import TILE, Scores
from .unembedding import Unembedding

ROWS = 128
"""Rows worked on at a time: a few float32 tiles of them fit the cache."""
SPAN = 60.0
"""Widest range of logits whose exponentials float32 holds either way up, sums included."""


@dataclass(frozen=True)
class Moments:
    """Per row, float64. Last axis 2: pole +1, pole -1. Odd moments are of the +1 pole; the other's are negated."""

    mean: torch.Tensor
    """`[n_rows]`, exact to float64 rounding: row . mean unembedding row"""
    std: torch.Tensor
    """`[n_rows]`, exact to float64 rounding: sqrt(row C row) with the covariance C of the unembedding"""
    skewness: torch.Tensor
    """`[n_rows]`, from the candidate product"""
    kurtosis: torch.Tensor
    """`[n_rows]`, excess, from the candidate product"""
    logsumexp: torch.Tensor
    """`[n_rows, 2]`, top-k terms exact, the others from the candidate product"""
    entropy: torch.Tensor
    """`[n_rows, 2]`, nats, likewise"""


def closed_form(rows: torch.Tensor, unembedding: Unembedding) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of each row's logits over the ranked vocabulary, without the logits."""
    mean = rows @ unembedding.mean
    variance = ((rows @ unembedding.covariance) * rows).sum(1)
    return mean, variance.clamp(min=0.0).sqrt()


def moments(scores: Scores, rows: torch.Tensor, unembedding: Unembedding, ranking: Ranking) -> Moments:
    """Moments of rows `[n_rows, d_model]` from their scores.

    A score is off by at most e = absolute + relative |score| (see Scores), so with the row's length s the
    logsumexp is off by at most s e over the tokens outside the top k; those inside enter with their exact logits.
    In bf16 e is about 0.003 of the largest possible score. Skewness and kurtosis are those of the row as rounded
    for the candidate product, which averages the errors out: in the tests bf16 is within 0.01 (1 + |value|),
    float32 within 1e-4.
    """
    mean, std = closed_form(rows, unembedding)
    sums = [_sums(scores, slice(at, at + ROWS), mean, ranking) for at in range(0, len(rows), ROWS)]
    powers, weight, weighted = (torch.cat(part) for part in zip(*sums, strict=True))
    second, third, fourth = (powers / len(unembedding)).unbind(1)
    # Where all logits are equal both are undefined, and 0 / 0 says so.
    skewness, kurtosis = third / second**1.5, fourth / second**2 - 3.0
    return Moments(mean, std, skewness, kurtosis, *_corrected(scores, ranking, mean, weight, weighted))


def _sums(
    scores: Scores, part: slice, mean: torch.Tensor, ranking: Ranking
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sums over the vocabulary for some rows, float64, each tile summed in float32: of x^2, x^3 and x^4 with x
    the centred score, `[rows, 3]`; of w and of w x, `[rows, 2]`, with w = exp(pole x logit - top logit)."""
    tops = ranking.logits[part, :, 0]
    centre = scores.centres[part].float()[:, None]
    scale = scores.norms[part].float()[:, None]
    shifts = torch.stack([mean[part] - tops[:, 0], -mean[part] - tops[:, 1]]).float()[:, :, None]
    # exp(-x) = 1 / exp(x) saves the second exponential where it neither under- nor overflows.
    mirrored = bool((tops.sum(1) < SPAN).all())
    lift = torch.exp(-tops.sum(1)) if mirrored else torch.ones_like(tops[:, 0])
    powers = torch.zeros(len(tops), 3, dtype=torch.float64, device=tops.device)
    weight, weighted = torch.zeros_like(tops), torch.zeros_like(tops)
    for x in _tiles(scores, part, centre):
        square = x * x
        powers[:, 0] += square.sum(1)
        powers[:, 1] += torch.linalg.vecdot(square, x)
        powers[:, 2] += torch.linalg.vecdot(square, square)
        power = torch.mul(x, scale, out=square).add_(shifts[0]).exp_()
        weight[:, 0] += power.sum(1)
        weighted[:, 0] += torch.linalg.vecdot(power, x)
        power = power.reciprocal_() if mirrored else torch.mul(x, -scale, out=square).add_(shifts[1]).exp_()
        weight[:, 1] += power.sum(1) * lift
        weighted[:, 1] += torch.linalg.vecdot(power, x) * lift
    return powers, weight, weighted


def _tiles(scores: Scores, part: slice, centre: torch.Tensor) -> Iterator[torch.Tensor]:
    """The rows' scores tile by tile, float32, `centre` taken off; the last tile ends with the vocabulary."""
    last = len(scores.tiles) - 1
    for number, tile in enumerate(scores.tiles[:, part]):
        size = scores.n_tokens - last * TILE if number == last else TILE
        yield torch.sub(tile[:, :size], centre)


def _corrected(
    scores: Scores, ranking: Ranking, mean: torch.Tensor, weight: torch.Tensor, weighted: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """logsumexp and entropy `[n_rows, 2]`, the approximate terms of the top tokens exchanged for exact ones."""
    row = torch.arange(len(mean), device=mean.device)[:, None, None]
    sign = torch.tensor([1.0, -1.0], dtype=torch.float64, device=mean.device)
    side, tops = sign[None, :, None], ranking.logits[:, :, :1]
    stored = scores.tiles[ranking.positions // TILE, row, ranking.positions % TILE].double()
    # Centred as _sums did it: near and away are pole x (logit - mean), approximate and exact.
    near = side * (stored - scores.centres[:, None, None]) * scores.norms[:, None, None]
    away = ranking.logits - side * mean[:, None, None]
    base = side * mean[:, None, None] - tops
    before, after = (near + base).exp(), (away + base).exp()
    total = (weight - before.sum(2)).clamp(min=0.0) + after.sum(2)
    rest = weighted * sign * scores.norms[:, None] - (before * near).sum(2)
    product = rest + (after * away).sum(2)
    logsumexp = total.log() + tops[:, :, 0]
    # H = logsumexp - sum p y with y = pole x logit.
    entropy = logsumexp - sign * mean[:, None] - product / total
    return logsumexp, entropy.clamp(min=0.0)
