"""Values of a stranger's JSON object, checked one by one."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ....schema.outside import whole_characters

TOKENS = 16_384
"""Tokens that a window may have."""
CHARACTERS = 100_000
"""Characters that a text may have."""
_WHOLE = re.compile(r"[0-9]{1,9}")

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
    """A number from 0, whether JSON has it as a number or as text. Raises Unfit."""
    value = row.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise Unfit(f"{name} is no whole number from 0")


def number(row: Row, name: str) -> float | None:
    """A finite number, or None where there is none: null, absent, NaN as a number or as text. Raises Unfit."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and value.strip().casefold() in ("", "nan", "inf", "-inf")):
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
