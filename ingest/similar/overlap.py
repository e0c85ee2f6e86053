"""How alike two ranked lists of tokens are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PERSISTENCE = 0.9
"""p of the rank-biased overlap: the chance of looking one rank further."""


def rank_weights(k: int, p: float = PERSISTENCE) -> NDArray[np.float64]:
    """`[k]`: what a token adds to the rank-biased overlap of two lists of `k`, by the deeper of its two ranks.

    RBO (Webber, Moffat and Zobel 2010) sums (1 - p) p^(d-1) |A_d and B_d| / d over the depths d, A_d the first d
    tokens. A shared token with ranks i and j counts from depth max(i, j) on, so it adds the sum over those d. Cut at
    depth k and divided by the value of two equal lists, so that those have overlap 1.
    """
    depth = np.arange(1, k + 1)
    added = p ** (depth - 1) / depth
    weights = np.cumsum(added[::-1])[::-1]
    return np.asarray(weights / weights.sum(), np.float64)


def rank_biased_overlap(one: NDArray[np.int64], two: NDArray[np.int64], p: float = PERSISTENCE) -> NDArray[np.float64]:
    """`[n]` of token lists `[n, k]` each, strongest first, no token twice in a list."""
    weights = rank_weights(one.shape[1], p)
    ranks = np.arange(one.shape[1])
    deeper = np.maximum(ranks[:, None], ranks[None, :])
    return np.asarray(((one[:, :, None] == two[:, None, :]) * weights[deeper]).sum((1, 2)))
