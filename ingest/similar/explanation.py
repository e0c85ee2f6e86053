"""Likeness of what is said of neurons: cosine of the sentence embeddings of their explanations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Explained:
    """A neuron whose explanations are like another's."""

    owner: int
    """number of the neuron"""
    score: float
    """the largest cosine of any two of their explanations"""


def nearest_explained(
    own: Floats, vectors: Floats, owners: NDArray[np.int64], k: int, seed: int = 0
) -> tuple[list[Explained], float]:
    """The `k` owners whose explanations `[n, d]` come nearest to one of a neuron's own `[m, d]`, best first, equal ones
    by number; and the control: the best cosine when the columns of `vectors` are shuffled among the explanations.

    Explanations share a style ("this neuron fires on ..."), so that even unlike ones have cosines well above 0; the
    control's rows have the mean and spread of the real ones in every dimension, and so share the style.
    """
    unit = _unit(own)
    best = (unit @ _unit(vectors).T).max(0)
    generator = np.random.default_rng(seed)
    mixed = generator.permuted(vectors, axis=0)
    control = float((unit @ _unit(mixed).T).max())
    names = np.unique(owners)
    scores = np.full(len(names), -np.inf)
    np.maximum.at(scores, np.searchsorted(names, owners), best)
    order = np.lexsort((names, -scores))[:k]
    return [Explained(int(names[i]), float(scores[i])) for i in order], control


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0), np.float64)
