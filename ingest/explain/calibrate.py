"""Predictions brought to the scale of the neuron, by what was seen on windows that are not scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Calibration = Literal["linear", "percentile"]
CALIBRATIONS: tuple[Calibration, ...] = ("linear", "percentile")


@dataclass(frozen=True)
class Linear:
    """a + b p, by least squares; b is 0 where the predictions did not vary."""

    a: float
    b: float

    @classmethod
    def fit(cls, truth: Floats, predicted: Floats) -> Linear:
        """Both `[n]`, n at least 1."""
        centred = predicted - predicted.mean()
        spread = float(centred @ centred)
        b = float(centred @ truth) / spread if spread > 1e-12 * max(1.0, float(predicted @ predicted)) else 0.0
        return cls(float(truth.mean()) - b * float(predicted.mean()), b)

    def __call__(self, predicted: Floats) -> Floats:
        """In units of the truth."""
        return self.a + self.b * predicted


@dataclass(frozen=True)
class Percentile:
    """The true value at the prediction's percentile: OpenAI's second calibration, sorted against sorted."""

    predicted: Floats
    truth: Floats

    @classmethod
    def fit(cls, truth: Floats, predicted: Floats) -> Percentile:
        """Of equal predictions the mean of their values counts."""
        low = np.sort(predicted)
        values, first, counts = np.unique(low, return_index=True, return_counts=True)
        means = np.add.reduceat(np.sort(truth), first) / counts
        return cls(values, means)

    def __call__(self, predicted: Floats) -> Floats:
        """In units of the truth; beyond what was seen, the end's value."""
        found: Floats = np.interp(predicted, self.predicted, self.truth)
        return found


FITS: dict[Calibration, Callable[[Floats, Floats], Linear | Percentile]] = {
    "linear": Linear.fit,
    "percentile": Percentile.fit,
}
