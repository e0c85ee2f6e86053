"""The nearest neurons over all pairs, block by block: no more than a block of scores is ever held."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from ..lm_head.precision import exact_products
from .best import Best
from .measure import MatchedModel, Measure

ROWS = 512
"""Neurons of a block."""
MARGIN = 6
"""Candidates kept beyond `k`, at least, so that rounding seldom costs a row its certificate."""

Exact = Callable[[int, torch.Tensor, torch.Tensor], torch.Tensor]
"""Layer of the other model, number of the neuron, index in that layer -> float64 scores."""
Told = Callable[[int], None]
"""Told how many more rows have met a layer."""


@dataclass(frozen=True)
class Nearest:
    """The nearest of each neuron of a layer, best first. Tensors on the CPU."""

    layers: torch.Tensor
    """int64 `[n, k]`: layer in the other model; -1 where nothing is like it at all"""
    indices: torch.Tensor
    """int64 `[n, k]`"""
    scores: torch.Tensor
    """float64 `[n, k]`, falling; equal scores by layer and index"""
    null: torch.Tensor
    """float64 `[draws, n]`: the best score with each control"""


@dataclass
class Columns:
    """What is kept of one layer of the other model, whose neurons are asked for as well."""

    best: Best
    null: torch.Tensor
    """float64 `[draws, n]`: the best score of each of the control's rows"""


class Search:
    """Top `k` of every neuron of `one` among all of `two`, layer by layer of `one`; and the other way round at the end.

    Candidates come from float32 products, `k` and a margin for each neuron; they are scored again in float64. What was
    left out scored at most as much as the last candidate; where that and the rounding bound could reach the k-th exact
    score, the neuron is scored in float64 against everything. So the result is that of float64 brute force.
    """

    def __init__(self, measure: Measure, k: int, draws: int, both: bool = True) -> None:
        exact_products()
        self.measure, self.k, self.draws = measure, k, draws
        self.same = measure.one == measure.two
        """of one model's neurons among themselves; a neuron is no neighbour of its own"""
        self.dtype = torch.float64 if measure.exact_blocks else torch.float32
        two = measure.two
        layers = range(two.layers if both and not self.same else 0)
        self.columns = [
            Columns(self._best(two.width, measure.one.layers * measure.one.width), self._null(two.width))
            for _ in layers
        ]
        self.settled = 0
        """neurons that needed float64 throughout"""

    def layer(self, a: int, rows: slice | None = None, told: Told | None = None) -> Nearest:
        """The nearest of the neurons of layer `a`, or some of them."""
        measure, two = self.measure, self.measure.two
        wanted = rows or slice(0, measure.one.width)
        n = wanted.stop - wanted.start
        best, null = self._best(n, two.layers * two.width), self._null(n)
        for b in range(two.layers):
            for start in range(wanted.start, wanted.stop, ROWS):
                block = slice(start, min(start + ROWS, wanted.stop))
                self._take(best, null, a, block, b, start - wanted.start)
            if told is not None:
                told(n)
        pairs = torch.arange(wanted.start, wanted.stop, device=measure.device)
        own = a * two.width + wanted.start if self.same else None
        return self._settle(best, null, lambda b, row, column: measure.exact(a, pairs[row], b, column), two, own)

    def others(self) -> Iterator[Nearest]:
        """The nearest of each layer of `two` among `one`, once every layer of `one` went by."""
        for b, columns in enumerate(self.columns):
            yield self.other(b, columns)

    def other(self, b: int, columns: Columns) -> Nearest:
        """The nearest of the neurons of layer `b` of `two`."""
        measure = self.measure
        return self._settle(
            columns.best, columns.null, lambda a, row, column: measure.exact(a, column, b, row), measure.one
        )

    def _take(self, best: Best, null: torch.Tensor, a: int, block: slice, b: int, at: int) -> None:
        measure = self.measure
        scores = measure.block(a, block, b)
        if self.same and a == b:
            line = torch.arange(len(scores), device=scores.device)
            scores[line, line + block.start] = -torch.inf
        best.offer(scores, b * measure.two.width, at)
        if self.columns:
            self.columns[b].best.offer(scores.T, a * measure.one.width + block.start)
        for draw in range(self.draws):
            control = measure.block(a, block, b, draw)
            part = null[draw, at : at + len(control)]
            torch.maximum(part, control.amax(1).double(), out=part)
            if self.columns:
                kept = self.columns[b].null[draw]
                torch.maximum(kept, control.amax(0).double(), out=kept)

    def _settle(
        self,
        best: Best,
        null: torch.Tensor,
        exact: Exact,
        side: MatchedModel,
        own: int | None = None,
    ) -> Nearest:
        """Candidates scored exactly and put in order; neurons without a certificate against everything. `own` is the
        place of the first of them, where they may not be their own neighbours."""
        scores = torch.full_like(best.values, -torch.inf, dtype=torch.float64)
        for layer in range(side.layers):
            row, place = ((best.ids >= 0) & (best.ids // side.width == layer)).nonzero(as_tuple=True)
            scores[row, place] = exact(layer, row, best.ids[row, place] % side.width)
        ids, scores = _ordered(best.ids, scores)
        k = min(self.k, ids.shape[1])
        open_ = (best.floor > 0) & (scores[:, k - 1] < best.floor.double() + self.measure.slack())
        if not self.measure.exact_blocks and side.layers * side.width > best.k:
            for row in open_.nonzero()[:, 0].tolist():
                ids[row], scores[row] = self._whole(row, exact, best.k, side, own)
                self.settled += 1
        ids, scores = ids[:, :k].cpu(), scores[:, :k].cpu()
        # What has nothing in common is like nothing.
        ids = torch.where(scores > 0, ids, -1)
        layers = torch.where(ids < 0, -1, ids // side.width)
        return Nearest(layers, torch.where(ids < 0, -1, ids % side.width), scores.clamp(max=1.0), null.cpu())

    def _whole(
        self,
        row: int,
        exact: Exact,
        keep: int,
        side: MatchedModel,
        own: int | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One neuron against everything in float64."""
        everyone = torch.arange(side.width, device=self.measure.device)
        scores = torch.cat([exact(b, torch.full_like(everyone, row), everyone) for b in range(side.layers)])
        if own is not None:
            scores[own + row] = -torch.inf
        order = scores.argsort(descending=True, stable=True)[:keep]
        return order, scores[order]

    def _best(self, n: int, among: int) -> Best:
        keep = min(self.k + max(MARGIN, self.k // 2), among)
        return Best(n, keep, self.measure.device, self.dtype)

    def _null(self, n: int) -> torch.Tensor:
        return torch.full((self.draws, n), -torch.inf, dtype=torch.float64, device=self.measure.device)


def _ordered(ids: torch.Tensor, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """By falling score, equal ones by rising id."""
    order = ids.argsort(dim=1, stable=True)
    ids, scores = ids.gather(1, order), scores.gather(1, order)
    order = scores.argsort(dim=1, descending=True, stable=True)
    return ids.gather(1, order), scores.gather(1, order)
