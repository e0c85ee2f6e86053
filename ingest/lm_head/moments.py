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
    In bf16 e is about 0.006 of the largest possible score. Skewness and kurtosis are those of the row as rounded
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
    the centred score, `[rows, 3]`; of exp(y) and of y exp(y), `[rows, 2]`, with y = pole x logit - top logit."""
    centre, scale, shifts, spread = _frame(scores, part, mean, ranking)
    # exp(-x) = 1 / exp(x) saves the second exponential where it neither under- nor overflows.
    mirrored = bool((spread < SPAN).all())
    lift = torch.exp(-spread) if mirrored else torch.ones_like(spread)
    powers = torch.zeros(len(spread), 3, dtype=torch.float64, device=spread.device)
    weight = torch.zeros(len(spread), 2, dtype=torch.float64, device=spread.device)
    weighted = torch.zeros_like(weight)
    for x in _tiles(scores, part, centre):
        square = x * x
        powers[:, 0] += square.sum(1)
        powers[:, 1] += torch.linalg.vecdot(square, x)
        powers[:, 2] += torch.linalg.vecdot(square, square)
        y = torch.mul(x, scale, out=square).add_(shifts[0])
        power = torch.exp(y, out=x) if mirrored else y.exp()
        weight[:, 0] += power.sum(1)
        weighted[:, 0] += torch.linalg.vecdot(power, y)
        if mirrored:
            power = power.reciprocal_()
            inverse = power.sum(1).double()
            # The other pole's y is -y - spread.
            weighted[:, 1] -= torch.linalg.vecdot(power, y) + spread * inverse
            weight[:, 1] += inverse
        else:
            y = torch.mul(x, -scale, out=square).add_(shifts[1])
            power = torch.exp(y, out=x)
            weight[:, 1] += power.sum(1)
            weighted[:, 1] += torch.linalg.vecdot(power, y)
    weight[:, 1] *= lift
    weighted[:, 1] *= lift
    return powers, weight, weighted


def _frame(
    scores: Scores, part: slice, mean: torch.Tensor, ranking: Ranking
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """What makes y of a score: float32 centre and scale `[rows, 1]` and shifts `[2, rows, 1]`; and the float64
    distance between both poles' top logits, `[rows]`."""
    tops = ranking.logits[part, :, 0]
    shifts = torch.stack([mean[part] - tops[:, 0], -mean[part] - tops[:, 1]])
    return (
        scores.centres[part].float()[:, None],
        scores.norms[part].float()[:, None],
        shifts.float()[:, :, None],
        tops.sum(1),
    )


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
    stored = scores.tiles[ranking.positions // TILE, row, ranking.positions % TILE]
    centre, scale, shifts, _ = _frame(scores, slice(None), mean, ranking)
    sign = torch.tensor([[1.0], [-1.0]], device=mean.device)
    # The same float32 steps as in _sums, so that what is taken off is what was added.
    near = torch.sub(stored, centre[:, None]) * (sign * scale[:, None]) + shifts.transpose(0, 1)
    tops = ranking.logits[:, :, :1]
    away = ranking.logits - tops
    before, after = near.exp().double(), away.exp()
    total = (weight - before.sum(2)).clamp(min=0.0) + after.sum(2)
    product = weighted - (before * near).sum(2) + (after * away).sum(2)
    # H = logsumexp - sum p (pole x logit) = log total - sum p y.
    return total.log() + tops[:, :, 0], (total.log() - product / total).clamp(min=0.0)
