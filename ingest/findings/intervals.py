"""95 % intervals of scores, from what a store keeps of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

CORRELATIONS = frozenset({"ev-correlation"})
SHARES = frozenset({"balanced-accuracy", "f1", "auroc"})
"""Formulas of scores whose interval is known: of a correlation, and of what lies as a share between 0 and 1. Others,
such as R2, an ablation's share or a person's rating, follow neither, and have none."""
_UNNAMED = {
    "correlation": "ev-correlation",
    "detection": "balanced-accuracy",
    "fuzzing": "balanced-accuracy",
    "embedding": "auroc",
}
"""Scorer -> what its score is where the formula is not named."""
RESAMPLES = 1000
TAILS = (0.025, 0.975)


def f1_interval(n: int, positives: int, precision: float, recall: float, seed: int = 0) -> tuple[float, float]:
    """Of an F1 whose confusion counts follow from `n` examples, its precision and its recall: the counts are drawn
    again from their multinomial."""
    hits = recall * positives
    said = hits / precision if precision > 0 else 0.0
    counts = np.array([hits, said - hits, positives - hits, max(0.0, n - said - (positives - hits))])
    drawn = np.random.default_rng(seed).multinomial(n, counts / counts.sum(), size=RESAMPLES)
    return _quantiles(f1_of(drawn[:, 0], drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2]))


def windows_interval(
    hits: NDArray[np.int64], said: NDArray[np.int64], fires: NDArray[np.int64], seed: int = 0
) -> tuple[float, float]:
    """Of an F1 over windows, `[n_windows]` counts each: whole windows are drawn again, as tokens of one go together."""
    drawn = np.random.default_rng(seed).integers(0, len(hits), size=(RESAMPLES, len(hits)))
    return _quantiles(f1_of(hits[drawn].sum(axis=1), said[drawn].sum(axis=1), fires[drawn].sum(axis=1)))


def correlation_interval(r: float, n: int) -> tuple[float, float]:
    """Of Pearson's r over `n` pairs, through Fisher's z (1921)."""
    if n <= 3:
        return -1.0, 1.0
    z, half = math.atanh(max(-1 + 1e-12, min(1 - 1e-12, r))), 1.959964 / math.sqrt(n - 3)
    return math.tanh(z - half), math.tanh(z + half)


def share_interval(share: float, n: int) -> tuple[float, float]:
    """Of a share of `n` samples, Wilson's score interval (1927)."""
    if n < 1:
        return 0.0, 1.0
    z2 = 1.959964**2
    centre, room = share + z2 / (2 * n), math.sqrt(z2 * (share * (1 - share) + z2 / (4 * n)) / n)
    return (centre - room) / (1 + z2 / n), (centre + room) / (1 + z2 / n)


def score_interval(scorer: str, formula: str | None, value: float, n: int) -> tuple[float, float] | None:
    """Of an explanation's score over `n` tokens or examples; None where its formula has none that is known, and for a
    value that the formula cannot give."""
    name = formula or _UNNAMED.get(scorer)
    if name in CORRELATIONS and -1 <= value <= 1:
        return correlation_interval(value, n)
    return share_interval(value, n) if name in SHARES and 0 <= value <= 1 else None


def f1_of(hits: NDArray[np.int64], said: NDArray[np.int64], fires: NDArray[np.int64]) -> NDArray[np.float64]:
    """2 hits / (said + fires), 0 where nothing is said and nothing fires."""
    return np.asarray(2 * hits / np.maximum(said + fires, 1), np.float64)


def _quantiles(values: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.quantile(values, TAILS)
    return float(low), float(high)
