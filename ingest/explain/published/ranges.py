"""What a score of each formula can be: a published number beyond that is somebody's mistake and no score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..records import Score
from .tally import Tally

RANGES: dict[str, tuple[float, float]] = {
    "ev-correlation": (-1.0, 1.0),
    "r2-uncentred": (-math.inf, 1.0),
    "absolute-deviation-from-0": (-math.inf, 1.0),
    "balanced-accuracy": (0.0, 1.0),
    "f1": (0.0, 1.0),
    "auroc": (0.0, 1.0),
}
"""Formula -> least and largest value."""
ROUNDING = 1e-6
"""By how much a value may lie outside; it counts as the end of the range."""


def possible(scores: Iterable[Score], where: str, tally: Tally) -> Iterator[Score]:
    """The scores that their formula can give; the others are counted with their reason."""
    for score in scores:
        low, high = RANGES[score.formula]
        if score.value is None or low <= score.value <= high:
            yield score
        elif low - ROUNDING <= score.value <= high + ROUNDING:
            yield replace(score, value=min(max(score.value, low), high))
        else:
            limits = f"{low:g} to {high:g}" if math.isfinite(low) else f"at most {high:g}"
            reason = f"a score that its formula cannot give: {score.formula} is {limits}"
            tally.skip("scores", reason, f"{where}: {score.formula} is {score.value:g}, expected {limits}")
