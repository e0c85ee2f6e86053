"""Likeness of the whole vocabulary profile: which tokens neurons write, and read, whatever the stream's basis."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from ..lm_head.convention import decoded_rows
from ..subject.layer_weights import read_layer
from ..subject.subject import Subject
from .measure import Products, joined, matched_model
from .shared import tokens_in_common
from .shuffled import seed_of, shuffled
from .weights import projections

STEP = 8192
RANK = 1e-10
"""Directions of the unembedding with less than this share of the largest variance are left out."""


@dataclass
class VocabularyProfiles(Products):
    """Pearson correlation over the shared tokens of the two neurons' logits, mean over the projections.

    With E1c, E2c the two unembeddings over the shared tokens, each column centred, a row x of one model and y of the
    other have the correlation x K12 y / sqrt(x K11 x . y K22 y), Kij = Eic' Ejc: the kernel of Dar et al. (ACL 2023),
    so no logit is ever computed. Rows are decoded as the folded convention does. With K22 = V S V' it is the product
    of x K12 V S^-1/2 / sqrt(x K11 x) and y V S^1/2 / sqrt(y K22 y), neither longer than 1.
    """

    first: Subject
    second: Subject
    tokens: NDArray[np.int64]
    seed: int

    @classmethod
    def of(cls, one: Subject, two: Subject, device: torch.device, seed: int) -> VocabularyProfiles:
        """Raises LinkError where the models share no tokens."""
        tokens = tokens_in_common(one, two)
        return cls(matched_model(one), matched_model(two), device, first=one, second=two, tokens=tokens, seed=seed)

    def left(self, layer: int) -> torch.Tensor:
        own, _, cross = self._grams
        turned = cross @ self._roots[1]
        return joined([_profile(rows, turned, own) for rows in self._rows(self.first, layer)])

    def right(self, layer: int, draw: int | None) -> torch.Tensor:
        own, turned = self._grams[1], self._roots[0]
        found = []
        for number, rows in enumerate(self._rows(self.second, layer)):
            rows = rows if draw is None else shuffled(rows, seed_of(self.seed, draw, layer, number))
            found.append(_profile(rows, turned, own))
        return joined(found)

    def _rows(self, subject: Subject, layer: int) -> list[torch.Tensor]:
        weights = read_layer(subject.checkpoint, subject.architecture, layer)
        names = projections(self.first, self.second)
        return [decoded_rows(weights, name, "folded").to(self.device) for name in names]

    @cached_property
    def _roots(self) -> tuple[torch.Tensor, torch.Tensor]:
        """V S^1/2 and V S^-1/2 of K22."""
        values, vectors = torch.linalg.eigh(self._grams[1])
        kept = values > RANK * values.max()
        values, vectors = values[kept], vectors[:, kept]
        return vectors * values.sqrt(), vectors * values.rsqrt()

    @cached_property
    def _grams(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """K11, K22 and K12, each over the number of tokens."""
        names = [subject.architecture.unembedding for subject in (self.first, self.second)]
        matrices = [s.checkpoint.tensor(n) for s, n in zip((self.first, self.second), names, strict=True)]
        ids = [torch.from_numpy(self.tokens[:, side].copy()) for side in (0, 1)]
        if self._same_unembedding(names):
            gram = _gram(matrices[0], ids[0], matrices[0], ids[0], self.device)
            return gram, gram, gram
        pairs = ((0, 0), (1, 1), (0, 1))
        one, two, cross = (_gram(matrices[i], ids[i], matrices[j], ids[j], self.device) for i, j in pairs)
        return one, two, cross

    def _same_unembedding(self, names: list[str]) -> bool:
        same = bool((self.tokens[:, 0] == self.tokens[:, 1]).all())
        return same and self.first.checkpoint.digest(names[0]) == self.second.checkpoint.digest(names[1])


def _gram(
    one: torch.Tensor, rows: torch.Tensor, two: torch.Tensor, others: torch.Tensor, device: torch.device
) -> torch.Tensor:
    """Mean over tokens of the outer products of the two centred rows: float64 `[d1, d2]`."""
    means = [_mean(matrix, ids, device) for matrix, ids in ((one, rows), (two, others))]
    total = torch.zeros(one.shape[1], two.shape[1], dtype=torch.float64, device=device)
    for start in range(0, len(rows), STEP):
        part = slice(start, start + STEP)
        left = one[rows[part]].to(device).double() - means[0]
        right = two[others[part]].to(device).double() - means[1]
        total.addmm_(left.T, right)
    return total / len(rows)


def _mean(matrix: torch.Tensor, ids: torch.Tensor, device: torch.device) -> torch.Tensor:
    parts = [matrix[ids[start : start + STEP]].to(device).double().sum(0) for start in range(0, len(ids), STEP)]
    return torch.stack(parts).sum(0) / len(ids)


def _profile(rows: torch.Tensor, turned: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    """rows . turned over the spread of their logits, sqrt(row . own . row); zero where all logits are equal."""
    spread = ((rows @ own) * rows).sum(1, keepdim=True).clamp(min=0).sqrt()
    return rows @ turned / torch.where(spread > 0, spread, 1.0)
