"""How many of the best matches may be claimed, beside the control's best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE = 0.05
"""Share of false ones among the claims."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Claims:
    """What stands out from the control among a number of best matches."""

    neurons: int
    score: float
    """mean best score"""
    null: float | None
    """mean best score with the control; None without one"""
    claimed: int
    """neurons whose excess over their control may be claimed with a false discovery rate of at most RATE"""
    excess: float | None
    """the smallest claimed excess; None where nothing is claimed"""
    highest_null: float | None
    """the largest score of any pair with any control"""
    above_all: int
    """neurons that score more than that"""
    family_rate: float
    """the chance that a pair of no worth does so: 1 / (1 + draws)"""


def claims(score: Floats, null: Floats, rate: float = RATE) -> Claims:
    """Of best scores `[n]` and of each control's best `[draws, n]`.

    Where a neuron has no real match its best score and its control's are two draws of one distribution, so its excess
    W = score - null (of the first draw) is as often negative as positive. The knockoff+ threshold (Barber and Candes
    2015) is the smallest t with (1 + #{W <= -t}) / #{W >= t} <= rate; what reaches it is claimed. The maximum over
    all neurons, layers and draws is the threshold for a claim about any one pair: of 1 + draws equally likely places
    the real maximum has the first.
    """
    if not null.size:
        return Claims(len(score), float(score.mean()), None, 0, None, None, 0, 1.0)
    most, excess = float(null.max()), score - null[0]
    least = threshold(excess, rate)
    return Claims(
        neurons=len(score),
        score=float(score.mean()),
        null=float(null[0].mean()),
        claimed=0 if least is None else int((excess >= least).sum()),
        excess=least,
        highest_null=most,
        above_all=int((score > most).sum()),
        family_rate=1 / (1 + len(null)),
    )


def threshold(excess: Floats, rate: float = RATE) -> float | None:
    """The knockoff+ threshold; None where no threshold keeps the rate."""
    size = np.sort(np.abs(excess[excess != 0]))
    positive, negative = np.sort(excess[excess > 0]), np.sort(-excess[excess < 0])
    above = len(positive) - np.searchsorted(positive, size, side="left")
    below = len(negative) - np.searchsorted(negative, size, side="left")
    fits = (above > 0) & ((1 + below) / np.maximum(above, 1) <= rate)
    return float(size[np.argmax(fits)]) if fits.any() else None
