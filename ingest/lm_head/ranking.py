"""Exact top-k of both ends of the ranking, from approximate scores and a certificate."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from .precision import Format
from .scores import TILE, Grouped, score
from .screen import Screened
from .unembedding import Unembedding

FIRST = 32
"""Groups looked into at first, about; rows whose certificate needs more get four times as many."""
LIMIT = 4096
"""Candidates of one row and pole above which a sharper format is cheaper than scoring them all in float64."""
NUMBERS = 2**17
"""Products of (row, token) pairs summed at a time: in float64 they stay in cache."""


@dataclass(frozen=True)
class Ranking:
    """The strongest tokens of each row and pole (0: +1, 1: -1), strongest first."""

    positions: torch.Tensor
    """int64 `[n_rows, 2, k]`: places in the unembedding's ranked vocabulary"""
    logits: torch.Tensor
    """float64 `[n_rows, 2, k]`: pole x row . unembedding row"""


@dataclass
class Tally:
    """How many rows each step had to settle; for tests and the benchmark."""

    rows: int = 0
    widened: int = 0
    sharper: int = 0
    full: int = 0
    candidates: int = 0

    def add(self, other: Tally) -> None:
        """Count the other's rows too."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def rank(
    scores: Grouped | Screened,
    rows: torch.Tensor,
    unembedding: Unembedding,
    k: int,
    sharper: tuple[Format, ...] = (),
    tally: Tally | None = None,
) -> Ranking:
    """Top-k of rows `[n_rows, d_model]` (float64), equal in set and order to float64 brute force.

    Let e(p) = absolute + relative |p| bound the error of a score p. The k-th best p - e(p) is a floor under the
    k-th best true score, so a token whose p + e(p) stays below it cannot be among the top k. All others are
    rescored in float64 from the stored weights, and ordered by (logit, token id). Every token lies in one group;
    once a group's extreme falls below the threshold, so do all its tokens.

    Rows with too many candidates are scored again in the `sharper` formats, then in float64 over all tokens.
    """
    tally = tally if tally is not None else Tally()
    tally.rows += len(rows)
    if isinstance(scores, Screened):
        slots, positions, crowded, multiplied = scores.candidates(k)
    else:
        slots, positions, crowded = _of_groups(scores, k, tally)
        multiplied = len(slots)
    if crowded.all():
        return _again(rows, unembedding, k, sharper, tally)
    tally.candidates += multiplied
    logits = exact_logits(rows, unembedding, slots // 2, positions) * (1 - 2 * (slots % 2))
    best = _select(slots, positions, logits, 2 * len(rows), k)
    ranking = Ranking(positions[best].view(-1, 2, k), logits[best].view(-1, 2, k))
    if crowded.any():
        left = crowded.nonzero()[:, 0]
        again = _again(rows[left], unembedding, k, sharper, tally)
        ranking.positions[left], ranking.logits[left] = again.positions, again.logits
    return ranking


def _of_groups(scores: Grouped, k: int, tally: Tally) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Slots (2 x row + pole) and positions of every token that may be among the top k, and the rows, bool `[n_rows]`,
    that have too many."""
    found = [_candidates(scores, k, pole, tally) for pole in (1, -1)]
    crowded = torch.stack([counts > LIMIT for _, _, counts in found]).any(0)
    slots = torch.cat([row * 2 + end for end, (row, _, _) in enumerate(found)])
    keep = ~crowded[slots // 2]
    return slots[keep], torch.cat([position for _, position, _ in found])[keep], crowded


def _candidates(scores: Grouped, k: int, pole: int, tally: Tally) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Row and position of every token that may be among the top k, and their number by row."""
    extremes = scores.highest if pole > 0 else -scores.lowest
    # The more a score can be off, the more groups reach the threshold.
    width = max(FIRST, 2 * k) if scores.relative else k + FIRST // 4
    n_rows, n_groups = extremes.shape
    top = extremes.topk(min(width, n_groups), dim=1)
    threshold = _threshold(top.values[:, k - 1].double(), scores)
    rows, positions = [], []
    left = torch.arange(n_rows, device=extremes.device)
    while True:
        more = (top.values[:, -1].float() >= threshold[left]) & (width < n_groups)
        done, groups = left[~more], top.indices[~more]
        hits = _grouped(scores, done, groups) * pole >= threshold[done][:, None]
        tile, row, column = hits.nonzero(as_tuple=True)
        rows.append(done[row])
        positions.append(tile * TILE + groups[row, column])
        left, width = left[more], width * 4
        if not len(left):
            break
        tally.widened += len(left)
        top = extremes[left].topk(min(width, n_groups), dim=1)
    row = torch.cat(rows)
    return row, torch.cat(positions), torch.bincount(row, minlength=n_rows)


def _grouped(scores: Grouped, rows: torch.Tensor, groups: torch.Tensor) -> torch.Tensor:
    """Scores of the tokens of some groups: float32 `[n_tiles, n_rows, n_groups]`."""
    tiles = scores.tiles if len(rows) == scores.tiles.shape[1] else scores.tiles[:, rows]
    return tiles.gather(2, groups.expand(len(tiles), -1, -1)).float()


def _threshold(kth: torch.Tensor, scores: Grouped) -> torch.Tensor:
    """The smallest score p whose p + e(p) reaches the floor, float32 and rounded down."""
    a, b = scores.absolute, scores.relative
    reach = kth - a - b * kth.abs() - a
    threshold = torch.where(reach >= 0, reach / (1 + b), reach / (1 - b))
    return (threshold - threshold.abs() * 1e-6 - 1e-30).float()


def exact_logits(
    rows: torch.Tensor, unembedding: Unembedding, row: torch.Tensor, position: torch.Tensor
) -> torch.Tensor:
    """float64 `[n]`: rows[row] . unembedding[position], each summed in the same order, so equal rows tie exactly."""
    out = torch.empty(len(row), dtype=torch.float64, device=rows.device)
    step = max(1, NUMBERS // rows.shape[1])
    for start in range(0, len(row), step):
        part = slice(start, start + step)
        product = unembedding.rows[position[part]].double()
        product *= rows[row[part]]
        out[part] = product.sum(-1)
    return out


def _select(slots: torch.Tensor, positions: torch.Tensor, logits: torch.Tensor, n_slots: int, k: int) -> torch.Tensor:
    """Index of the k best of every slot, by falling logit, then rising position. `[n_slots * k]`; a slot without
    candidates gets index 0 throughout."""
    order = positions.argsort(stable=True)
    order = order[logits[order].argsort(descending=True, stable=True)]
    order = order[slots[order].argsort(stable=True)]
    counts = torch.bincount(slots, minlength=n_slots)
    first = (counts.cumsum(0) - counts)[:, None] + torch.arange(k, device=slots.device)
    return order[torch.where(counts[:, None] > 0, first, 0).flatten()]


def _again(rows: torch.Tensor, unembedding: Unembedding, k: int, sharper: tuple[Format, ...], tally: Tally) -> Ranking:
    """Rank rows whose certificate failed: in the next format, or by brute force."""
    tally.rows -= len(rows)
    if not sharper:
        tally.rows += len(rows)
        tally.full += len(rows)
        return brute_force(rows, unembedding, k)
    tally.sharper += len(rows)
    form, n_tiles = sharper[0], -(-len(unembedding) // TILE)
    parts = []
    for block in torch.split(rows, 16):
        buffer = torch.empty(n_tiles, len(block), TILE, dtype=form.dtype, device=rows.device)
        scores = score(block, unembedding, form, buffer)
        parts.append(rank(scores, block, unembedding, k, sharper[1:], tally))
    return Ranking(torch.cat([p.positions for p in parts]), torch.cat([p.logits for p in parts]))


def brute_force(rows: torch.Tensor, unembedding: Unembedding, k: int) -> Ranking:
    """The definition: all logits in float64, a row at a time, sorted by (pole x logit, token id)."""
    everything = torch.arange(len(unembedding), device=rows.device)
    found = []
    for row in torch.split(rows, 1):
        logits = exact_logits(row, unembedding, torch.zeros_like(everything), everything)
        for pole in (1, -1):
            best = (pole * logits).sort(descending=True, stable=True)
            found.append((best.indices[:k], best.values[:k]))
    positions, logits = (torch.stack(part) for part in zip(*found, strict=True))
    return Ranking(positions.view(-1, 2, k), logits.view(-1, 2, k))
