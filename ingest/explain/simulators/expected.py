"""Expected activation from the probabilities of the scale's values."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from ...llm.client import Scores
from .prompts import VALUES
from .simulator import Expected

NO_NUMBER = "no value of the scale among the likeliest tokens"


def expectation(logs: npt.NDArray[np.float64]) -> Expected:
    """sum of v P(v) over the scale 0 to 10, P renormalised over it, `[..., 11]` -> `[...]`; NaN without any P."""
    top = np.max(logs, -1, keepdims=True)
    with np.errstate(invalid="ignore"):
        chances = np.exp(logs - top)
        return np.asarray((chances @ np.arange(len(VALUES))) / chances.sum(-1))


def expected(answer: Scores, n: int, failures: Counter[str]) -> Expected:
    """Of `n` tokens by their logs `[n, 11]`; what is missing is NaN and counted."""
    if answer.logs is None:
        failures[answer.failure or "no answer"] += n
        return np.full(n, np.nan)
    found = expectation(answer.logs.reshape(n, len(VALUES)))
    missing = int(np.isnan(found).sum())
    if missing:
        failures[NO_NUMBER] += missing
    return found
