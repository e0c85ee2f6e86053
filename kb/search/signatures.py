"""What a neuron's evidence means, as one unit vector: the weighted mean of its words' vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .planes import Vectors

BLOCK = 8_192
"""Signatures made at a time."""
SHUFFLED = 32_768
"""Signatures of shuffled evidence that are kept, at most."""
TIMES = 8
"""As many shuffled signatures as this many times the real ones, where these are few."""


@dataclass(frozen=True)
class Bags:
    """Words with weights: those of row i are `terms[offsets[i]:offsets[i + 1]]`, numbers of a TermVectors."""

    offsets: npt.NDArray[np.int64]
    terms: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def of(self, row: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """Words and weights of one row."""
        inside = slice(self.offsets[row], self.offsets[row + 1])
        return self.terms[inside], self.weights[inside]

    def shuffled(self, random: np.random.Generator) -> Bags:
        """As many words with the same weights in every row, but words of the whole evidence in any row."""
        return Bags(self.offsets, random.permutation(self.terms), self.weights)


def bags(rows: npt.NDArray[np.int64], terms: npt.NDArray[np.int64], weights: npt.NDArray[np.float32], n: int) -> Bags:
    """Gather entries (row, word, weight) into `n` rows. A word that a row has twice counts once, with its larger
    weight: spellings of one word are not several. Entries whose weight is not above zero are left out."""
    kept = weights > 0
    rows, terms, weights = rows[kept], terms[kept], weights[kept]
    order = np.lexsort((terms, rows))
    rows, terms, weights = rows[order], terms[order], weights[order]
    first = np.ones(len(rows), bool)
    first[1:] = (rows[1:] != rows[:-1]) | (terms[1:] != terms[:-1])
    starts = np.flatnonzero(first)
    largest = np.maximum.reduceat(weights, starts) if len(starts) else weights
    counts = np.bincount(rows[starts], minlength=n)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Bags(offsets, terms[starts].astype(np.int32), largest.astype(np.float32))


def signatures(held: Bags, vectors: Vectors) -> Iterator[Vectors]:
    """Unit signatures block by block, float32 `[*, dimensions]`; of a row without words, zeros.

    `vectors` are the words' by number.
    """
    for start in range(0, len(held), BLOCK):
        stop = min(start + BLOCK, len(held))
        inside = slice(held.offsets[start], held.offsets[stop])
        offsets = held.offsets[start:stop] - held.offsets[start]
        yield _unit(_sums(vectors, held.terms[inside], held.weights[inside], offsets))


def shuffled_signatures(held: Bags, vectors: Vectors, seed: int = 0) -> Vectors:
    """Signatures of shuffled evidence: what rows of the same lengths and weights are when their words mean nothing.

    float32 `[at most SHUFFLED, dimensions]`.
    """
    random = np.random.default_rng(seed)
    wanted = min(SHUFFLED, TIMES * len(held))
    found: list[Vectors] = []
    while wanted > 0 and len(held):
        for block in signatures(_some(held.shuffled(random), wanted, random), vectors):
            found.append(block)
            wanted -= len(block)
    return np.concatenate(found) if found else np.empty((0, vectors.shape[1]), np.float32)


def _some(held: Bags, n: int, random: np.random.Generator) -> Bags:
    """`n` rows drawn without replacement, in order; all where there are fewer."""
    if len(held) <= n:
        return held
    rows = np.sort(random.choice(len(held), n, replace=False))
    counts = np.diff(held.offsets)[rows]
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    inside = np.repeat(held.offsets[rows] - offsets[:-1], counts) + np.arange(offsets[-1])
    return Bags(offsets, held.terms[inside], held.weights[inside])


def _sums(
    vectors: Vectors, terms: npt.NDArray[np.int32], weights: npt.NDArray[np.float32], offsets: npt.NDArray[np.int64]
) -> Vectors:
    import torch
    from torch.nn.functional import embedding_bag

    found: torch.Tensor = embedding_bag(
        torch.from_numpy(terms.astype(np.int64)),
        torch.from_numpy(vectors),
        torch.from_numpy(offsets),
        mode="sum",
        per_sample_weights=torch.from_numpy(np.array(weights)),
    )
    return np.asarray(found.numpy())


def _unit(rows: Vectors) -> Vectors:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0), np.float32)
