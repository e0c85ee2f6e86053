"""Scores of predicted activations: correlation and what of the activation is explained, raw and calibrated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .calibrate import CALIBRATIONS, FITS
from .formulas import absolute_deviation, correlation, r2_uncentred
from .material import Floats, Material, Split, truth
from .records import Score

Formula = Callable[[Floats, Floats], float | None]

RAW: Mapping[str, Formula] = {
    "ev-correlation": correlation,
    "r2-uncentred": r2_uncentred,
    "absolute-deviation-from-0": absolute_deviation,
}
PROTOCOLS = ("top-and-random", "random-only")


@dataclass(frozen=True)
class Predictions:
    """What one explanation says of one side's windows, in the neuron's units; NaN where it said nothing."""

    choose: Sequence[Floats]
    """of the strongest and the random choosing windows, in this order"""
    report: Sequence[Floats]
    """of the reporting ones likewise"""


def choosing_score(material: Material, predicted: Sequence[Floats]) -> float | None:
    """The correlation on the choosing windows, by which candidates are ranked."""
    return correlation(*_answered(truth(material.top_and_random("choose")), _joined(predicted)))


def correlation_scores(
    material: Material, own: Predictions, other: Predictions | None, simulator: str | None, seed: int
) -> tuple[Score, ...]:
    """Every formula under both of OpenAI's protocols, beside the same of another neuron's explanation.

    Tokens without a prediction are left out and counted as failed; a value that is not defined, such as the correlation
    with a constant prediction, is no score: all of its tokens have failed.
    """
    made = []
    for protocol in PROTOCOLS:
        values, n, failed = _values(material, own, protocol)
        nulls = _values(material, other, protocol)[0] if other is not None else {}
        for formula, value in values.items():
            made.append(
                Score(
                    "correlation",
                    formula,
                    value,
                    nulls.get(formula),
                    n,
                    failed if value is not None else n,
                    protocol,
                    simulator,
                    seed,
                    pole=material.target.pole,
                )
            )
    return tuple(made)


def _values(material: Material, found: Predictions, protocol: str) -> tuple[dict[str, float | None], int, int]:
    true, said = _of(material, found.report, "report", protocol)
    kept = _answered(true, said)
    values = {name: formula(*kept) for name, formula in RAW.items()}
    fit_on = _answered(*_of(material, found.choose, "choose", "top-and-random"))
    for calibration in CALIBRATIONS:
        if len(fit_on[0]):
            fitted = FITS[calibration](*fit_on)
            for name in ("r2-uncentred", "absolute-deviation-from-0"):
                values[f"{name}/{calibration}"] = RAW[name](kept[0], fitted(kept[1]))
    return values, len(true), len(true) - len(kept[0])


def _of(material: Material, predicted: Sequence[Floats], split: Split, protocol: str) -> tuple[Floats, Floats]:
    """Truth and predictions of a protocol's windows."""
    passages = material.top_and_random(split)
    first = len(material.windows[split, "top"]) if protocol == "random-only" else 0
    return truth(passages[first:]), _joined(predicted[first:])


def _joined(predicted: Sequence[Floats]) -> Floats:
    return np.concatenate(list(predicted)) if len(predicted) else np.zeros(0)


def _answered(true: Floats, said: Floats) -> tuple[Floats, Floats]:
    """The tokens that have a prediction."""
    known = np.isfinite(said)
    return true[known], said[known]
