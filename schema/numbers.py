"""Numbers that decide are finite: NaN is neither below nor above anything, so it would pass every limit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from numbers import Integral
from typing import Any

from .errors import NeuronKBError

_WHOLE = re.compile(r"([0-9]{1,9})(\.0*)?")


def whole_number(value: Any) -> int | None:
    """A whole number from 0 below a billion, written 5, 5.0 (as tables with gaps have it) or "5"; None for
    anything else."""
    if isinstance(value, str):
        match = _WHOLE.fullmatch(value.strip())
        return int(match[1]) if match and match[1].isascii() else None
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 10**9 and value == int(value):
        return int(value)
    return None


def check_number(
    name: str,
    value: float | None,
    error: type[NeuronKBError],
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
) -> None:
    """Raise `error` unless `value` is a finite number in its range; None passes, since it says that none was given."""
    if value is None:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if number and _inside(value, least, most, above):
        return
    limits = (("of at least", least), ("above", above), ("at most", most))
    wanted = [f"{word} {limit:g}" for word, limit in limits if limit is not None]
    raise error(f"{name} is {value!r}, expected a finite number {' and '.join(wanted)}".rstrip())


def _inside(value: float, least: float | None, most: float | None, above: float | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most) and (above is None or value > above)


SEEDS = 2**32
"""Seeds are whole numbers from 0 below this: what every generator here takes, and arithmetic in 64 bits keeps."""


def check_seed(name: str, value: int | None, error: type[NeuronKBError]) -> None:
    """Raise `error` unless `value` is a seed; None passes, since it says that none was given."""
    if value is None or (isinstance(value, Integral) and not isinstance(value, bool) and 0 <= value < SEEDS):
        return
    raise error(f"{name} is {value!r}, expected a whole number from 0 to {SEEDS - 1}")


def check_finite(values: Iterable[tuple[str, Any]], error: type[NeuronKBError]) -> None:
    """Raise `error` for the first named value that is, or holds, a float that is not finite."""
    for name, value in values:
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, float) and not math.isfinite(one):
                raise error(f"{name} is {one!r}, expected a finite number")
