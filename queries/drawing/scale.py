"""From values to pixels, and where an axis has its ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ...schema import PictureError

_LETTERS = {15: "P", 12: "T", 9: "G", 6: "M", 3: "k", 0: ""}
_NARROW = 1e-9
"""share of a value below which a distance from it is none"""


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` at pixels from `start` to `stop`; logarithmic, they are above zero."""

    low: float
    high: float
    start: float
    stop: float
    log: bool = False

    def at(self, value: float) -> float:
        """The pixel of a value."""
        low, high = (math.log10(self.low), math.log10(self.high)) if self.log else (self.low, self.high)
        share = ((math.log10(value) if self.log else value) - low) / (high - low)
        return self.start + share * (self.stop - self.start)


def ends(values: Sequence[float], share: float = 0.04) -> tuple[float, float]:
    """Ends of an axis that has all values and some room beside them; room about a value that stands alone.

    Raises PictureError where they are too far apart for a float.
    """
    low, high = min(values), max(values)
    if not math.isfinite(high - low):
        raise PictureError(f"{low:g} and {high:g} are too far apart for a picture")
    room = share * (high - low) if high - low > _NARROW * max(abs(low), abs(high), _NARROW) else 0.0
    room = room or 0.1 * max(abs(low), abs(high)) or 0.5
    return low - room, high + room


def ticks(low: float, high: float, count: int, whole: bool = False) -> tuple[float, ...]:
    """At most about `count` round values within: steps of 1, 2 or 5 times a power of ten; `whole`, of one at least."""
    rough = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * (1 - _NARROW))
    step = max(1.0, step) if whole else step
    first, last = math.ceil(low / step - _NARROW), math.floor(high / step + _NARROW)
    return tuple(place * step for place in range(first, last + 1))


def log_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """Powers of ten within, every second or third where there are more than `count`."""
    powers = range(math.ceil(math.log10(low) - _NARROW), math.floor(math.log10(high) + _NARROW) + 1)
    return tuple(10.0**power for power in powers[:: max(1, math.ceil(len(powers) / count))])


def named(places: Sequence[float]) -> list[str]:
    """Ticks in words: as many decimals as their step needs."""
    step = min((right - left for left, right in pairwise(places)), default=abs(sum(places)) or 1.0)
    if step < 1e-4 or max(map(abs, places), default=0.0) >= 1e6:
        return [f"{place:.4g}" for place in places]
    decimals = next((count for count in range(6) if abs(round(step, count) - step) < 0.01 * step), 6)
    return [f"{place:.{decimals}f}" for place in places]


def counted(count: float) -> str:
    """A count in few letters: 1k, 10k, 1M."""
    power = next((power for power in _LETTERS if count >= 10.0**power), 0)
    return f"{count / 10.0**power:g}{_LETTERS[power]}"
