"""Likeness of the decoded tokens: how far the top-k lists of two neurons agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from ..links.compare import jaccard
from ..links.decoded import Tops
from .measure import Measure
from .overlap import rank_biased_overlap, rank_weights
from .shuffled import seed_of, shuffled

Decoded = Callable[[int], Tops]
"""layer -> (projection, pole) -> token numbers `[width, k]`, strongest first"""


@dataclass
class TokenOverlap(Measure):
    """Rank-biased overlap of the decoded tokens, mean over projections and poles; and their Jaccard index.

    `tokens` are the shared ones, `[n, 2]`: a token that the other model lacks matches nothing. The control deals out
    the tokens of each rank anew among the neurons of the layer, so that every token is as frequent there as it was.
    """

    first: Decoded
    second: Decoded
    tokens: NDArray[np.int64]
    seed: int

    def __post_init__(self) -> None:
        limit = int(self.tokens.max(initial=0)) + 1
        self._place = np.full((2, limit), -1, np.int64)
        for side in (0, 1):
            self._place[side, self.tokens[:, side]] = np.arange(len(self.tokens))
        self._held: dict[tuple[int, int, int | None], dict[tuple[str, int], torch.Tensor]] = {}

    @property
    def exact_blocks(self) -> bool:
        return True

    def slack(self) -> float:
        return 0.0

    def block(self, a: int, rows: slice, b: int, draw: int | None = None) -> torch.Tensor:
        left, right = self._lists(0, a, None), self._lists(1, b, draw)
        n = rows.stop - rows.start
        total = torch.zeros(n * self.two.width, dtype=torch.float64, device=self.device)
        for side in left.keys() & right.keys():
            weights = torch.from_numpy(rank_weights(left[side].shape[1])).to(self.device)
            slot, value = _meetings(left[side][rows], right[side], weights, self.two.width)
            total.scatter_add_(0, slot, value)
        return total.view(n, self.two.width) / max(1, len(left.keys() & right.keys()))

    def exact(self, a: int, rows: torch.Tensor, b: int, columns: torch.Tensor) -> torch.Tensor:
        return self._mean(rank_biased_overlap, a, rows, b, columns)

    def more(self, a: int, rows: torch.Tensor, b: int, columns: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"jaccard": self._mean(jaccard, a, rows, b, columns)}

    def _mean(
        self,
        overlap: Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]],
        a: int,
        rows: torch.Tensor,
        b: int,
        columns: torch.Tensor,
    ) -> torch.Tensor:
        left, right = self._lists(0, a, None), self._lists(1, b, None)
        both = sorted(left.keys() & right.keys())
        pairs = [(_apart(left[s][rows], 1), _apart(right[s][columns], 2)) for s in both]
        return torch.from_numpy(np.mean([overlap(*pair) for pair in pairs], axis=0)).to(self.device)

    def _lists(self, side: int, layer: int, draw: int | None) -> dict[tuple[str, int], torch.Tensor]:
        """The lists of a layer by projection and pole, as places among the shared tokens; -1 for one not shared."""
        key = side, layer, draw
        if key not in self._held:
            found = (self.first if side == 0 else self.second)(layer)
            made = {name: self._shared(side, tokens) for name, tokens in found.items()}
            if draw is not None:
                parts = enumerate(sorted(made))
                made = {name: shuffled(made[name], seed_of(self.seed, draw, layer, n)) for n, name in parts}
            self._held[key] = {name: tokens.to(self.device) for name, tokens in made.items()}
        return self._held[key]

    def _shared(self, side: int, tokens: NDArray[np.int64]) -> torch.Tensor:
        known = (tokens >= 0) & (tokens < self._place.shape[1])
        return torch.from_numpy(np.where(known, self._place[side][np.where(known, tokens, 0)], -1))


def _apart(tokens: torch.Tensor, side: int) -> NDArray[np.int64]:
    """Tokens that are not shared as numbers nobody else has: -1 of one list is not -1 of the other."""
    found = tokens.cpu().numpy()
    lone = -(2 * np.arange(found.shape[1]) + 1 + side)
    return np.asarray(np.where(found < 0, lone, found), np.int64)


def _meetings(
    left: torch.Tensor, right: torch.Tensor, weights: torch.Tensor, width: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Where the two sets of lists share a token: row * width + column, and what it adds by the deeper rank."""
    k, device = left.shape[1], left.device
    known, order = right.flatten().sort(stable=True)
    tokens = left.flatten()
    first, last = torch.searchsorted(known, tokens), torch.searchsorted(known, tokens, right=True)
    counts = torch.where(tokens >= 0, last - first, 0)
    source = torch.repeat_interleave(torch.arange(len(tokens), device=device), counts)
    within = torch.arange(len(source), device=device) - (counts.cumsum(0) - counts)[source]
    target = order[first[source] + within]
    deeper = torch.maximum(source % k, target % k)
    return (source // k) * width + target // k, weights[deeper]
