"""The strongest feeds of every neuron, down- and upstream, from one product for each pair of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch

from ..lm_head.precision import accumulation, exact_products
from ..similar.best import Best
from .paths import Paths, Through

ROWS = 512
"""Neurons of a block."""
MARGIN = 6
"""Candidates kept beyond `k`, at least."""

Told = Callable[[], None]
"""Told that one more pair of MLPs is done."""


@dataclass
class Ends:
    """The candidates of one MLP's neurons, one way."""

    best: Best
    """by size of the weight; ids are MLP x width of the widest + index of the other end"""
    null: torch.Tensor
    """float64 `[width]`: largest size with the control"""
    slack: torch.Tensor
    """float64 `[width]`: how far a candidate's size may be from the exact one"""


@dataclass(frozen=True)
class Strongest:
    """The strongest of each neuron of an MLP, one way. Tensors on the CPU."""

    ids: torch.Tensor
    """int64 `[width, k]`, by falling size, equal ones by rising id; -1 where there are fewer"""
    weights: torch.Tensor
    """float64 `[width, k]`"""
    null: torch.Tensor
    """float64 `[width]`"""


class FeedSearch:
    """Top `k` by size, positive and negative weights alike, of every neuron of the chosen MLPs.

    Each block of each product serves its rows (downstream) and its columns (upstream). Candidates come from float32
    products and are weighed again in float64; a neuron whose k-th weight could be passed by one that was left out,
    by the rounding bound, is weighed in float64 against everything. So the result is that of float64 brute force.
    """

    def __init__(self, paths: Paths, layers: Iterable[int], k: int, null: bool) -> None:
        exact_products()
        self.paths, self.k, self.null = paths, k, null
        self.layers = sorted(set(layers))
        self.down = {(n, t): self._ends(n, paths.after(n)) for n in self.layers for t in paths.through}
        """by MLP and projection: what its neurons feed"""
        self.up = {(n, t): self._ends(n, paths.before(n)) for n in self.layers for t in paths.through}
        """what feeds its neurons"""
        self.settled = 0
        """neurons that needed float64 throughout"""

    def pairs(self, end: int) -> list[tuple[int, int]]:
        """The pairs of MLPs with this end that are wanted: those with one of the chosen."""
        chosen = set(self.layers)
        return [(start, end) for start in self.paths.before(end) if start in chosen or end in chosen]

    def take(self, start: int, end: int) -> None:
        """Add one pair of MLPs."""
        sent = self.paths.sent(start, end)
        lengths, left = sent.norm(dim=1), sent.float()
        for through in self.paths.through:
            rows = self.paths.rows(end, through)
            reach = rows.norm(dim=1).double()
            error = accumulation(rows.shape[1])
            down, up = self.down.get((start, through)), self.up.get((end, through))
            if down is not None:
                torch.maximum(down.slack, error * lengths * reach.max(), out=down.slack)
            if up is not None:
                torch.maximum(up.slack, error * reach * lengths.max(), out=up.slack)
            self._blocks(left, rows, start, end, down, up)
            if self.null:
                self._control(left, self.paths.shuffled(end, through), down, up)

    def _blocks(
        self, left: torch.Tensor, rows: torch.Tensor, start: int, end: int, down: Ends | None, up: Ends | None
    ) -> None:
        width = self.paths.width
        for at in range(0, len(left), ROWS):
            sizes = (left[at : at + ROWS] @ rows.T).abs_()
            if down is not None:
                down.best.offer(sizes, end * width, at)
            if up is not None:
                up.best.offer(sizes.T, start * width + at)

    def _control(self, left: torch.Tensor, rows: torch.Tensor, down: Ends | None, up: Ends | None) -> None:
        for at in range(0, len(left), ROWS):
            sizes = (left[at : at + ROWS] @ rows.T).abs_()
            if down is not None:
                part = down.null[at : at + len(sizes)]
                torch.maximum(part, sizes.amax(1).double(), out=part)
            if up is not None:
                torch.maximum(up.null, sizes.amax(0).double(), out=up.null)

    def settle(self) -> Iterator[tuple[str, int, Through, Strongest]]:
        """`down` or `up`, MLP, projection and the strongest, once every pair was taken."""
        for way, held in (("down", self.down), ("up", self.up)):
            for (layer, through), ends in held.items():
                yield way, layer, through, self._settled(way, layer, through, ends)

    def _settled(self, way: str, layer: int, through: Through, ends: Ends) -> Strongest:
        best, width = ends.best, self.paths.width
        weights = torch.zeros_like(best.values, dtype=torch.float64)
        for other in self._others(way, layer):
            row, place = ((best.ids >= 0) & (best.ids // width == other)).nonzero(as_tuple=True)
            weights[row, place] = self._exact(way, layer, other, through, row, best.ids[row, place] % width)
        ids, weights = _by_size(best.ids, weights)
        k = min(self.k, best.k)
        if self._among(self._others(way, layer)) > best.k:
            kth, floor = weights[:, k - 1].abs(), best.floor.double()
            for row in ((floor > 0) & (kth < floor + ends.slack)).nonzero()[:, 0].tolist():
                ids[row], weights[row] = self._whole(way, layer, through, row, best.k)
                self.settled += 1
        return Strongest(ids[:, :k].cpu(), weights[:, :k].cpu(), ends.null.cpu())

    def _whole(self, way: str, layer: int, through: Through, row: int, keep: int) -> tuple[torch.Tensor, torch.Tensor]:
        """One neuron against everything in float64."""
        ids, weights = [], []
        for other in self._others(way, layer):
            everyone = torch.arange(self.paths.mlps[other].d_mlp, device=self.paths.device)
            weights.append(self._exact(way, layer, other, through, torch.full_like(everyone, row), everyone))
            ids.append(other * self.paths.width + everyone)
        found, sizes = _by_size(torch.cat(ids)[None], torch.cat(weights)[None])
        return found[0, :keep], sizes[0, :keep]

    def _exact(
        self, way: str, layer: int, other: int, through: Through, own: torch.Tensor, index: torch.Tensor
    ) -> torch.Tensor:
        start, end = (layer, other) if way == "down" else (other, layer)
        first, second = (own, index) if way == "down" else (index, own)
        sent, rows = self.paths.sent(start, end), self.paths.rows(end, through)
        out = torch.empty(len(own), dtype=torch.float64, device=self.paths.device)
        step = max(1, 2**22 // rows.shape[1])
        for at in range(0, len(own), step):
            part = slice(at, at + step)
            out[part] = (sent[first[part]] * rows[second[part]]).sum(1)
        return out

    def _others(self, way: str, layer: int) -> range:
        return self.paths.after(layer) if way == "down" else self.paths.before(layer)

    def _among(self, others: range) -> int:
        return sum(self.paths.mlps[other].d_mlp for other in others)

    def _ends(self, number: int, others: range) -> Ends:
        width, device = self.paths.mlps[number].d_mlp, self.paths.device
        keep = max(1, min(self.k + max(MARGIN, self.k // 2), self._among(others)))
        zero = torch.zeros(width, dtype=torch.float64, device=device)
        return Ends(Best(width, keep, device), zero, zero.clone())


def _by_size(ids: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """By falling size, equal ones by rising id; places without an id last."""
    order = ids.argsort(dim=1, stable=True)
    ids, weights = ids.gather(1, order), weights.gather(1, order)
    sizes = torch.where(ids < 0, -1.0, weights.abs())
    order = sizes.argsort(dim=1, descending=True, stable=True)
    return ids.gather(1, order), weights.gather(1, order)
