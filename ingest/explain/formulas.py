"""The formulas of scores, by id, each computed from the truth and what an explanation predicted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FORMULAS = {
    "ev-correlation": "Pearson correlation over all tokens of all windows together (OpenAI's ev_correlation_score)",
    "r2-uncentred": "1 - mean (t - p)^2 / mean t^2 (OpenAI's rsquared_score)",
    "absolute-deviation-from-0": "1 - mean |t - p| / mean |t| (OpenAI's absolute_dev_explained_score)",
    "r2-centred": "1 - mean (t - p)^2 / variance of t (Transluce's rsquared_score)",
    "absolute-deviation-from-median": "1 - mean |t - p| / mean |t - median t| (Transluce's)",
    "r2-uncentred/linear": "r2-uncentred of a + b p, a and b fitted by least squares on the choosing windows",
    "r2-uncentred/percentile": "r2-uncentred of p mapped to the value of the same percentile of the choosing windows",
    "absolute-deviation-from-0/linear": "absolute-deviation-from-0 of a + b p, fitted as above",
    "absolute-deviation-from-0/percentile": "absolute-deviation-from-0 of p mapped as above",
    "js-ablation": "1 - mean JSD(simulated, whole) / mean JSD(mean-ablated, whole) of the next-token distributions",
    "balanced-accuracy": "(share of the active said active + share of the silent said silent) / 2",
    "f1": "2 precision recall / (precision + recall) of the active",
    "auroc": "chance that an active example is rated above a silent one, ties half",
}
"""What each formula id means. An importer adds no other: what a published number is not, it does not become."""


def correlation(truth: Floats, predicted: Floats) -> float | None:
    """Pearson's, both `[n]`; None where either does not vary."""
    if truth.size < 2:
        return None
    a, b = truth - truth.mean(), predicted - predicted.mean()
    sizes = float(np.sqrt((a @ a) * (b @ b)))
    small = 1e-12 * truth.size * max(float(np.abs(truth).max()) * float(np.abs(predicted).max()), 1e-300)
    return float(a @ b) / sizes if sizes > small else None


def r2_uncentred(truth: Floats, predicted: Floats) -> float | None:
    """None where the truth is 0 throughout."""
    whole = float((truth**2).sum())
    return 1 - float(((truth - predicted) ** 2).sum()) / whole if whole > 0 else None


def absolute_deviation(truth: Floats, predicted: Floats) -> float | None:
    """Explained relative to 0; None where the truth is 0 throughout."""
    whole = float(np.abs(truth).sum())
    return 1 - float(np.abs(truth - predicted).sum()) / whole if whole > 0 else None


def r2_centred(truth: Floats, predicted: Floats) -> float | None:
    """scikit-learn's r2_score; None where the truth is constant."""
    whole = float(((truth - truth.mean()) ** 2).sum()) if truth.size else 0.0
    return 1 - float(((truth - predicted) ** 2).sum()) / whole if whole > 0 else None


def absolute_deviation_from_median(truth: Floats, predicted: Floats) -> float | None:
    """scikit-learn's d2_absolute_error_score; None where the truth is its median throughout."""
    whole = float(np.abs(truth - np.median(truth)).sum()) if truth.size else 0.0
    return 1 - float(np.abs(truth - predicted).sum()) / whole if whole > 0 else None


def balanced_accuracy(active: Bools, said: Bools) -> float | None:
    """None where a class is empty: half of the score would be made up."""
    if not active.any() or active.all():
        return None
    return (float(said[active].mean()) + float((~said[~active]).mean())) / 2


def f1(active: Bools, said: Bools) -> float | None:
    """Of the active class; None where nothing is active."""
    both = int((active & said).sum())
    return 2 * both / (int(active.sum()) + int(said.sum())) if active.any() else None


def auroc(active: Bools, rated: Floats) -> float | None:
    """Mann-Whitney's U over its maximum; None where a class is empty."""
    n, m = int(active.sum()), int((~active).sum())
    if not n or not m:
        return None
    _, place, counts = np.unique(rated, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return float((ranks[place][active].sum() - n * (n + 1) / 2) / (n * m))
