"""A predictor judged on windows: by hand, beside shuffled predictions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from neuronkb.ingest.findings.windows import judged


class Says:
    """Predicts 1 on one word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def predict(self, tokens: Sequence[str]) -> npt.NDArray[np.float64]:
        return np.array([float(token == self.word) for token in tokens])


FIRES = [(["a", "may", "b", "c"], [0.0, 8.0, 1.0, 3.9])] * 6 + [(["x", "y", "june", "z"], [0.0, 0.0, 4.0, 0.0])] * 2


def test_by_hand() -> None:
    found = judged(Says("may"), FIRES)
    assert found is not None
    # Fires from half of 8 on: 6 times on may, twice on june. 2 x 6 / (6 + 8).
    assert found.f1 == 12 / 14
    assert found.low <= found.f1 <= found.high
    assert found.null < 0.7


def test_a_predictor_of_another_word_is_not_above_its_null() -> None:
    found = judged(Says("b"), FIRES)
    assert found is not None
    assert found.f1 == 0
    assert found.null > 0


def test_without_windows_or_firings_there_is_nothing_to_judge() -> None:
    assert judged(Says("may"), []) is None
    assert judged(Says("may"), [(["may"], [-1.0])]) is None
