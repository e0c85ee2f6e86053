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
SERIES = 1e-5
"""Error a token at which the sums of exponentials are no longer taken from the power series."""


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
    frame = _frame(scores, mean, ranking)
    powers = _powers(scores, frame) if scores.powers is None else scores.powers
    weight, weighted, far = _series(powers, frame, len(unembedding))
    for index in torch.split(far.nonzero()[:, 0], ROWS):
        weight[index], weighted[index] = _exponentials(scores, index, frame)
    second, third, fourth = (powers / len(unembedding)).unbind(1)
    # Where all logits are equal both are undefined, and 0 / 0 says so.
    skewness, kurtosis = third / second**1.5, fourth / second**2 - 3.0
    return Moments(mean, std, skewness, kurtosis, *_corrected(scores, ranking, frame, weight, weighted))


@dataclass(frozen=True)
class _Frame:
    """What makes y = pole x logit - top logit of a score: x = score - centre, then y = +-scale x + shift."""

    centre: torch.Tensor
    """float32 `[n_rows, 1]`"""
    scale: torch.Tensor
    """float32 `[n_rows, 1]`: length of the row"""
    shifts: torch.Tensor
    """float64 `[n_rows, 2]`: +-mean - top logit, by pole"""


def _frame(scores: Scores, mean: torch.Tensor, ranking: Ranking) -> _Frame:
    tops = ranking.logits[:, :, 0]
    shifts = torch.stack([mean - tops[:, 0], -mean - tops[:, 1]], dim=1)
    return _Frame(scores.centres.float()[:, None], scores.norms.float()[:, None], shifts)


def _powers(scores: Scores, frame: _Frame) -> torch.Tensor:
    """Sums over the vocabulary of x^2, x^3 and x^4: float64 `[n_rows, 3]`, each tile summed in float32."""
    found = torch.zeros(len(frame.centre), 3, dtype=torch.float64, device=frame.centre.device)
    for start in range(0, len(found), ROWS):
        part = slice(start, start + ROWS)
        for x in _tiles(scores, part, frame.centre[part]):
            square = x * x
            found[part, 0] += square.sum(1)
            found[part, 1] += torch.linalg.vecdot(square, x)
            found[part, 2] += torch.linalg.vecdot(square, square)
    return found


def _series(powers: torch.Tensor, frame: _Frame, n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sums of exp(y) and of y exp(y), float64 `[n_rows, 2]`, from the power sums alone; and the rows that need more.

    With t = +-scale x, whose sum is 0, exp t = 1 + t + t^2/2 + t^3/6 + t^4/24 + r with |r| <= |t|^5 exp|t| / 120,
    and t exp t = t + t^2 + t^3/2 + t^4/6 + r' with |r'| <= |t|^5 exp|t| / 24. So over n tokens the second is off by
    at most R exp(R) mean(t^4) / 24 a token, with R the largest |t|; where that is above SERIES the row needs more.
    Weights are small numbers, so the rows of most models stay below it.
    """
    scale = frame.scale.double()
    second, third, fourth = (powers * torch.cat([scale**2, scale**3, scale**4], dim=1)).unbind(1)
    sign = torch.tensor([1.0, -1.0], dtype=torch.float64, device=powers.device)
    third = third[:, None] * sign
    second, fourth = second[:, None], fourth[:, None]
    plain = n + second / 2 + third / 6 + fourth / 24
    tilted = second + third / 2 + fourth / 6
    lift = frame.shifts.exp()
    reach = -frame.shifts.min(dim=1).values * 1.01
    far = reach * reach.exp() * fourth[:, 0] / n / 24 > SERIES
    # y = t + shift, so the sum of y exp(y) takes shift x sum of exp(y) as well.
    return lift * plain, lift * (tilted + frame.shifts * plain), far | ~reach.isfinite()


def _exponentials(scores: Scores, index: torch.Tensor, frame: _Frame) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums of exp(y) and of y exp(y) over the vocabulary for the rows `index`, by pole; each tile in float32."""
    scale, shifts = frame.scale[index], frame.shifts[index].float()
    weight = torch.zeros(len(index), 2, dtype=torch.float64, device=scale.device)
    weighted = torch.zeros_like(weight)
    for x in _tiles(scores, index, frame.centre[index]):
        for place, sign in enumerate((1.0, -1.0)):
            y = torch.mul(x, sign * scale).add_(shifts[:, place : place + 1])
            power = y.exp()
            weight[:, place] += power.sum(1)
            weighted[:, place] += torch.linalg.vecdot(power, y)
    return weight, weighted


def _tiles(scores: Scores, part: slice | torch.Tensor, centre: torch.Tensor) -> Iterator[torch.Tensor]:
    """The rows' scores tile by tile, float32, `centre` taken off; the last tile ends with the vocabulary."""
    last = len(scores.tiles) - 1
    for number, tile in enumerate(scores.tiles):
        size = scores.n_tokens - last * TILE if number == last else TILE
        yield torch.sub(tile[part][:, :size], centre)


def _corrected(
    scores: Scores, ranking: Ranking, frame: _Frame, weight: torch.Tensor, weighted: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """logsumexp and entropy `[n_rows, 2]`, the approximate terms of the top tokens exchanged for exact ones."""
    row = torch.arange(len(weight), device=weight.device)[:, None, None]
    stored = scores.tiles[ranking.positions // TILE, row, ranking.positions % TILE]
    sign = torch.tensor([[1.0], [-1.0]], device=weight.device)
    shifts = frame.shifts.float()[:, :, None]
    near = torch.sub(stored, frame.centre[:, None]) * (sign * frame.scale[:, None]) + shifts
    tops = ranking.logits[:, :, :1]
    away = ranking.logits - tops
    before, after = near.exp().double(), away.exp()
    total = (weight - before.sum(2)).clamp(min=0.0) + after.sum(2)
    product = weighted - (before * near).sum(2) + (after * away).sum(2)
    # H = logsumexp - sum p (pole x logit) = log total - sum p y.
    return total.log() + tops[:, :, 0], (total.log() - product / total).clamp(min=0.0)
