"""The largest scores of every slot, kept while blocks of scores go by."""

from __future__ import annotations

import torch

GROUP = 64
"""Neighbouring scores whose maximum is looked at first: most groups hold nothing that is kept."""


class Best:
    """The `k` largest scores of each of `n` slots and what they belong to, in no set order among equals.

    After the first blocks only scores above the slot's smallest are touched, so that keeping them costs a pass over
    the group maxima of a block.
    """

    def __init__(self, n: int, k: int, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.k = k
        self.values = torch.full((n, k), -torch.inf, dtype=dtype, device=device)
        """`[n, k]`, falling; -inf where fewer were offered"""
        self.ids = torch.full((n, k), -1, dtype=torch.int64, device=device)
        """`[n, k]`; -1 where fewer were offered"""

    @property
    def floor(self) -> torch.Tensor:
        """`[n]`: nothing that was offered and is not kept is larger."""
        return self.values[:, -1]

    def offer(self, scores: torch.Tensor, first: int, start: int = 0) -> None:
        """Scores `[m, c]` of the slots from `start` on; column j belongs to id `first + j`. -inf is never kept."""
        slots = slice(start, start + len(scores))
        floor = self.values[slots, -1]
        if bool((floor == -torch.inf).any()):
            self._dense(scores, first, slots)
            return
        slot, column, value = _above(scores, floor)
        if len(slot):
            self._sparse(slot + start, column + first, value)

    def _dense(self, scores: torch.Tensor, first: int, slots: slice) -> None:
        top = scores.contiguous().topk(min(self.k, scores.shape[1]), dim=1)
        ids = torch.where(top.values == -torch.inf, -1, top.indices + first)
        self._merge(slots, top.values.to(self.values.dtype), ids)

    def _sparse(self, slot: torch.Tensor, ids: torch.Tensor, values: torch.Tensor) -> None:
        order = values.argsort(descending=True, stable=True)
        order = order[slot[order].argsort(stable=True)]
        counts = torch.bincount(slot, minlength=len(self.values))
        place = torch.arange(len(slot), device=slot.device) - (counts.cumsum(0) - counts)[slot[order]]
        order, place = order[place < self.k], place[place < self.k]
        touched = counts.nonzero()[:, 0]
        line = ((counts > 0).cumsum(0) - 1)[slot[order]]
        width = min(self.k, int(counts.max()))
        fresh = self.values.new_full((len(touched), width), -torch.inf)
        names = self.ids.new_full((len(touched), width), -1)
        fresh[line, place], names[line, place] = values[order].to(fresh.dtype), ids[order]
        self._merge(touched, fresh, names)

    def _merge(self, slots: slice | torch.Tensor, values: torch.Tensor, ids: torch.Tensor) -> None:
        both, names = torch.cat([self.values[slots], values], 1), torch.cat([self.ids[slots], ids], 1)
        top = both.topk(self.k, dim=1)
        self.values[slots], self.ids[slots] = top.values, names.gather(1, top.indices)


def _above(scores: torch.Tensor, floor: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Row, column and value of the scores above their row's floor."""
    whole = scores.shape[1] // GROUP * GROUP
    found = []
    if whole:
        grouped = torch.unflatten(scores[:, :whole], 1, (-1, GROUP))
        row, group = (grouped.amax(2) > floor[:, None]).nonzero(as_tuple=True)
        values = grouped[row, group]
        at, place = (values > floor[row][:, None]).nonzero(as_tuple=True)
        found.append((row[at], group[at] * GROUP + place, values[at, place]))
    if whole < scores.shape[1]:
        row, column = (scores[:, whole:] > floor[:, None]).nonzero(as_tuple=True)
        found.append((row, column + whole, scores[row, column + whole]))
    row, column, value = (torch.cat(parts) for parts in zip(*found, strict=True))
    return row, column, value
