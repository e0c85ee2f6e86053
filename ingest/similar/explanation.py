"""Likeness of what is said of neurons: cosine of the sentence embeddings of their explanations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .near import Floats, Near, nearest_owners


def nearest_explained(
    own: Floats, vectors: Floats, owners: NDArray[np.int64], k: int, seed: int = 0
) -> tuple[list[Near], float]:
    """The `k` owners whose explanations `[n, d]` come nearest to one of a neuron's own `[m, d]`; and the control: the
    best cosine when the columns of `vectors` are shuffled among the explanations.

    Explanations share a style ("this neuron fires on ..."), so that even unlike ones have cosines well above 0; the
    control's rows have the mean and spread of the real ones in every dimension, and so share the style.
    """
    unit = _unit(own)
    mixed = np.random.default_rng(seed).permuted(vectors, axis=0)
    control = float((unit @ _unit(mixed).T).max())
    return nearest_owners((unit @ _unit(vectors).T).max(0), owners, k), control


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0), np.float64)
