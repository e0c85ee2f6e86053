"""Values of a stranger's JSON object, checked one by one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....schema.numbers import whole_number
from ....schema.outside import whole_characters

TOKENS = 16_384
"""Tokens that a window may have."""
CHARACTERS = 100_000
"""Characters that a text may have."""
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.IGNORECASE)

Row = Mapping[str, Any]


class Unfit(Exception):
    """Why a row cannot be used."""


def text(row: Row, name: str) -> str | None:
    """A text stripped of the space around it, halves of split characters replaced; None where there is none.

    Raises Unfit for what is no text.
    """
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unfit(f"{name} is no text")
    if len(value) > CHARACTERS:
        raise Unfit(f"{name} has more than {CHARACTERS:,} characters")
    return whole_characters(value).strip() or None


def whole(row: Row, name: str) -> int:
    """A whole number from 0, whether it is written 5, 5.0 (as tables with gaps have it) or "5". Raises Unfit."""
    if (found := whole_number(row.get(name))) is None:
        raise Unfit(f"{name} is no whole number from 0")
    return found


def number(row: Row, name: str) -> float | None:
    """A finite number, written as one or as text, or None where there is none: null, absent, NaN or infinite in either
    writing. Raises Unfit."""
    value = row.get(name)
    if isinstance(value, str):
        written = value.strip()
        if written.casefold().lstrip("+-") in ("", "nan", "none", "null", "inf", "infinity"):
            return None
        value = float(written) if _NUMBER.fullmatch(written) and len(written) < 400 else value
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(f"{name} is no number")
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def items(row: Row, name: str) -> list[Any]:
    """A list, empty where there is none. Raises Unfit."""
    value = row.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unfit(f"{name} is no list")
    return value


def tokens(row: Row, name: str) -> tuple[str, ...]:
    """A list of texts. Raises Unfit."""
    found = items(row, name)
    if len(found) > TOKENS:
        raise Unfit(f"{name} has more than {TOKENS:,} entries")
    if not all(isinstance(each, str) for each in found):
        raise Unfit(f"{name} has an entry that is no text")
    return tuple(whole_characters(each) for each in found)


def numbers(row: Row, name: str) -> tuple[float, ...]:
    """A list of numbers; None and NaN among them are NaN. Raises Unfit."""
    found = items(row, name)
    if len(found) > TOKENS:
        raise Unfit(f"{name} has more than {TOKENS:,} entries")
    try:
        array = np.array(found, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise Unfit(f"{name} has an entry that is no number") from None
    if array.ndim != 1:
        raise Unfit(f"{name} has an entry that is no number")
    return tuple(array.tolist())


def mapping(value: Any, what: str) -> Row:
    """An object. Raises Unfit."""
    if not isinstance(value, dict):
        raise Unfit(f"{what} is no object")
    return value
