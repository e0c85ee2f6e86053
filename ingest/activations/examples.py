"""The best windows of every neuron by some score, with the neuron's values in them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.functional import pad

from . import kernels
from .kernels import Bits, Ends

_NONE = np.empty((0, 0, 0), np.uint8)


class Examples:
    """For each of `n` neurons the `k` windows with the highest scores, at most one of a document.

    Ties go to the window that was offered earlier. `scores` float32 `[n, k]` falls along a row, -inf where a place is
    free; `windows` int32 `[n, k]`, -1 there.
    """

    def __init__(self, n: int, k: int, length: int, device: torch.device, signed: bool = False) -> None:
        self.scores = torch.full((n, k), -torch.inf, device=device)
        self.windows = torch.full((n, k), -1, dtype=torch.int32, device=device)
        self.documents = torch.full((n, k), -1, dtype=torch.int32, device=device)
        self._slots = torch.arange(k, device=device).repeat(n, 1)
        """where the values of each rank lie in `_values`: what stays is never moved"""
        self._values = torch.zeros(n, k, length, dtype=torch.bfloat16, device=device)
        self._signs = torch.zeros(n, k, length if signed else 0, dtype=torch.uint8, device=device)
        """codes of the signs of gate and up, kept where `signed`"""

    @property
    def values(self) -> torch.Tensor:
        """bfloat16 `[n, k, length]`, by rank."""
        return self._ranked(self._values)

    @property
    def signs(self) -> torch.Tensor | None:
        """Codes uint8 `[n, k, length]`, by rank; None where they are not kept."""
        return self._ranked(self._signs) if self._signs.shape[2] else None

    def _ranked(self, kept: torch.Tensor) -> torch.Tensor:
        return kept.gather(1, self._slots[:, :, None].expand(-1, -1, kept.shape[2]))

    def offer(
        self,
        scores: torch.Tensor,
        windows: torch.Tensor,
        documents: torch.Tensor,
        values: torch.Tensor,
        codes: torch.Tensor | None = None,
    ) -> None:
        """Take what is better than what is held.

        `scores` float32 `[b, n]`, -inf for a window that is not eligible; `windows` and `documents` int32 `[b]`, those
        of a document next to one another; `values` and `codes` of their signs `[b, length or fewer, n]`, 0 behind a
        window's end.
        """
        best, at, of = _best_of_each(scores, documents)
        better = best > self.scores[:, -1]
        rows = better.any(0).nonzero()[:, 0]
        if not len(rows):
            return
        k = self.scores.shape[1]
        new, column = best[:, rows].masked_fill(~better[:, rows], -torch.inf).T, at[:, rows].T
        held, new = _one_a_document(self.scores[rows], self.documents[rows], new, of)
        kept, order = (part[:, :k] for part in torch.cat([held, new], 1).sort(dim=1, descending=True, stable=True))
        free = kept == -torch.inf
        self.scores[rows] = kept
        self.windows[rows] = _picked(self.windows[rows], windows[column], order).masked_fill(free, -1)
        self.documents[rows] = _picked(self.documents[rows], of.expand_as(new), order).masked_fill(free, -1)
        slots, came = _placed(order, self._slots[rows], k)
        self._slots[rows] = slots
        row, rank = (came & ~free).nonzero(as_tuple=True)
        window = column[row, order[row, rank] - k]
        place = rows[row], slots[row, rank]
        came_in = values[window, :, rows[row]].bfloat16()
        self._values[place] = pad(came_in, (0, self._values.shape[2] - came_in.shape[1]))
        if codes is not None:
            own = codes[window, :, rows[row]]
            self._signs[place] = pad(own, (0, self._signs.shape[2] - own.shape[1]))

    def insert(
        self,
        scores: torch.Tensor,
        windows: torch.Tensor,
        documents: torch.Tensor,
        values: Bits,
        codes: npt.NDArray[np.uint8] | None,
        columns: slice,
        first: int,
        ends: Ends,
    ) -> None:
        """The same for some neurons on a CPU, `scores` `[b, columns]`; values before position `first` and from a
        window's end on are kept as 0."""
        kept = self._values.view(torch.int16).numpy().view(np.uint16)
        held = (*(t.numpy() for t in (self.scores, self.windows, self.documents, self._slots)), kept)
        part = (values.words, values.shift, columns.start, first, ends)
        own = tuple(state[columns] for state in (*held, self._signs.numpy()))
        new = (scores.numpy(), windows.numpy(), documents.numpy())
        kernels.insert(*part, *new, _NONE if codes is None else codes, own)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {
            "scores": self.scores,
            "windows": self.windows,
            "documents": self.documents,
            "slots": self._slots,
            "values": self._values,
        } | ({"signs": self._signs} if self._signs.shape[2] else {})

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        for name, tensor in self.tensors().items():
            tensor.copy_(found[name])


def _best_of_each(scores: torch.Tensor, documents: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Best score of each document's windows `[d, n]`, the first where it stands `[d, n]`, and the documents `[d]`."""
    numbers = documents.cpu().numpy()
    starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    found = []
    for first, end in pairwise(starts):
        score, place = scores[first:end].max(0)
        found.append((score, place + first))
    of = documents[starts[:-1]]
    return torch.stack([score for score, _ in found]), torch.stack([place for _, place in found]), of


def _one_a_document(
    held: torch.Tensor, held_of: torch.Tensor, new: torch.Tensor, new_of: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores `[n, k]` and `[n, d]` with -inf for all but the best window of a document, the one held if equal."""
    alike = held_of[:, :, None] == new_of
    beaten = new[:, None, :] <= held[:, :, None]
    return held.masked_fill((alike & ~beaten).any(2), -torch.inf), new.masked_fill((alike & beaten).any(1), -torch.inf)


def _picked(held: torch.Tensor, new: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    return torch.cat([held, new.to(held.dtype)], dim=1).gather(1, order)


def _placed(order: torch.Tensor, slots: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Slots of the new ranking `[n, k]`, and which ranks are new: a window that stays keeps its slot, and those that
    come in take the slots of those that leave, of which there are as many."""
    new = order >= k
    stays = torch.zeros(new.shape, dtype=torch.int32, device=new.device)
    stays.scatter_add_(1, order.clamp(max=k - 1), (~new).int())
    leaving = slots.gather(1, stays.argsort(dim=1, stable=True))
    number = (new.cumsum(1) - 1).clamp(min=0)
    return torch.where(new, leaving.gather(1, number), slots.gather(1, order.clamp(max=k - 1))), new
