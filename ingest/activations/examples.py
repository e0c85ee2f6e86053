"""The best windows of every neuron by some score, with the neuron's values in them."""

from __future__ import annotations

from copy import copy

import torch


class Examples:
    """For each of `n` neurons the `k` windows with the highest scores, at most one of a document.

    Ties go to the earlier window. `scores` float32 `[n, k]` falls along a row, -inf where a place is free; `windows`
    int32 `[n, k]`, -1 there.
    """

    def __init__(self, n: int, k: int, length: int, device: torch.device) -> None:
        self.scores = torch.full((n, k), -torch.inf, device=device)
        self.windows = torch.full((n, k), -1, dtype=torch.int32, device=device)
        self.documents = torch.full((n, k), -1, dtype=torch.int32, device=device)
        self._slots = torch.arange(k, device=device).repeat(n, 1)
        """where the values of each rank lie in `_values`: what stays is never moved"""
        self._values = torch.zeros(n, k, length, dtype=torch.bfloat16, device=device)

    def part(self, columns: slice) -> Examples:
        """Some of the neurons; what it is offered is offered here."""
        found = copy(self)
        for name in ("scores", "windows", "documents", "_slots", "_values"):
            setattr(found, name, getattr(self, name)[columns])
        return found

    @property
    def values(self) -> torch.Tensor:
        """bfloat16 `[n, k, length]`, by rank."""
        return self._values.gather(1, self._slots[:, :, None].expand(-1, -1, self._values.shape[2]))

    def offer(self, scores: torch.Tensor, windows: torch.Tensor, documents: torch.Tensor, values: torch.Tensor) -> None:
        """Take what is better than what is held.

        `scores` float32 `[b, n]`, -inf for a window that is not eligible; `windows` and `documents` int32 `[b]`,
        windows ascending and later than all offered before; `values` `[b, length, n]`.
        """
        better = scores > self.scores[:, -1]
        rows = better.any(0).nonzero()[:, 0]
        if not len(rows):
            return
        some = better[:, rows].any(1).nonzero()[:, 0]
        n, k = len(rows), self.scores.shape[1]

        def joined(held: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
            return torch.cat([held[rows], new[some].to(held.dtype).expand(n, -1)], dim=1)

        score = torch.cat([self.scores[rows], scores[some][:, rows].T], dim=1)
        window, document = joined(self.windows, windows), joined(self.documents, documents)
        order = _best(score, document, k)
        self.scores[rows] = kept = score.gather(1, order)
        free = kept == -torch.inf
        self.windows[rows] = window.gather(1, order).masked_fill(free, -1)
        self.documents[rows] = document.gather(1, order).masked_fill(free, -1)
        slots, new = _placed(order, self._slots[rows], k)
        self._slots[rows] = slots
        row, rank = (new & ~free).nonzero(as_tuple=True)
        self._values[rows[row], slots[row, rank]] = values[some[order[row, rank] - k], :, rows[row]].bfloat16()

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {
            "scores": self.scores,
            "windows": self.windows,
            "documents": self.documents,
            "slots": self._slots,
            "values": self._values,
        }

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        for name, tensor in self.tensors().items():
            tensor.copy_(found[name])


def _best(score: torch.Tensor, document: torch.Tensor, k: int) -> torch.Tensor:
    """Places of the k best of each row, all but the best of a document left out; int64 `[n, k]`."""
    order = score.argsort(dim=1, descending=True, stable=True)
    ranked, of = score.gather(1, order), document.gather(1, order)
    same = (of[:, :, None] == of[:, None, :]).tril(-1).any(2) & (ranked > -torch.inf)
    ranked = ranked.masked_fill(same, -torch.inf)
    again = ranked.argsort(dim=1, descending=True, stable=True)[:, :k]
    # A repeated document keeps its place's number, and its score says that the place is free.
    score.scatter_(1, order, ranked)
    return order.gather(1, again)


def _placed(order: torch.Tensor, slots: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Slots of the new ranking `[n, k]`, and which ranks are new: a window that stays keeps its slot, and those that
    come in take the slots of those that leave, of which there are as many."""
    new = order >= k
    stays = torch.zeros(new.shape, dtype=torch.int32, device=new.device)
    stays.scatter_add_(1, order.clamp(max=k - 1), (~new).int())
    leaving = slots.gather(1, stays.argsort(dim=1, stable=True))
    number = (new.cumsum(1) - 1).clamp(min=0)
    return torch.where(new, leaving.gather(1, number), slots.gather(1, order.clamp(max=k - 1))), new
