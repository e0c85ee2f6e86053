"""Settings of a job: what each field may hold, and settings from what a caller gave.

@dataclass(frozen=True)
class Settings:
    k: Annotated[int, Range(1, 1000)] = 10
    precision: Annotated[Literal["auto", "fp32"], ADVANCED] = "auto"

    def __post_init__(self) -> None:
        check_fields(self, ModelError)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..schema.errors import ModelError, NeuronKBError
from ..schema.numbers import SEEDS, check_finite, check_seed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
Bare = type[int] | type[float] | type[str] | type[bool]
_NUMBERS: dict[Bare, type] = {int: Integral, float: Real}


@dataclass(frozen=True)
class Range:
    """The numbers that a field may hold, of a tuple each: `Annotated[int, Range(1, 1000)]`."""

    low: float = -math.inf
    high: float = math.inf
    open: bool = False
    """the ends themselves are left out"""

    def holds(self, number: float) -> bool:
        """Whether a number is in the range."""
        return self.low < number < self.high if self.open else self.low <= number <= self.high

    @property
    def words(self) -> str:
        """As a message says it: `1 to 1000`, `8 or more`, `above 0 and below 1`; empty without ends."""
        low = None if math.isinf(self.low) else _digits(self.low)
        high = None if math.isinf(self.high) else _digits(self.high)
        if self.open:
            return " and ".join(f"{side} {end}" for side, end in (("above", low), ("below", high)) if end is not None)
        if low is None:
            return "" if high is None else f"at most {high}"
        return f"{low} or more" if high is None else f"{low} to {high}"


@dataclass(frozen=True)
class Advanced:
    """Marks a field that few callers need: `Annotated[int, Range(1, 10_000), ADVANCED]`."""


ADVANCED = Advanced()


@dataclass(frozen=True)
class Local:
    """Marks a field that may name a file, a folder or an address, which only people at this machine may give."""


LOCAL = Local()
Seed = Annotated[int, Range(0, SEEDS - 1)]
Share = Annotated[float, Range(0, 1, open=True)]


@dataclass(frozen=True)
class FieldKind:
    """What a field of settings may hold, as its annotation says."""

    type: Bare
    """of the value, of a tuple's each; a Literal's is str"""
    many: bool = False
    """a tuple of any length"""
    optional: bool = False
    """None may stand for it"""
    choices: tuple[str, ...] = ()
    """the only values, of a Literal; empty where any will do"""
    range: Range | None = None
    advanced: bool = False
    """few callers need it"""

    @property
    def expected(self) -> str:
        """What a message expects: `1 to 1000`, `one of folded, raw`, `True or False`."""
        if self.choices:
            words = f"{'some' if self.many else 'one'} of {', '.join(self.choices)}"
        elif self.type in _NUMBERS:
            words = f"{self._noun} {self._limits}" if self.range and self.range.open else self._limits or self._noun
        else:
            words = "True or False" if self.type is bool else "text"
        return f"{words}, or None" if self.optional else words

    def refused(self, value: Any) -> str | None:
        """What was expected in place of one value, a tuple's each; None where the value is fine."""
        if self.type not in _NUMBERS:
            fits = isinstance(value, self.type) and (not self.choices or value in self.choices)
            return None if fits else self.expected
        right_type = isinstance(value, _NUMBERS[self.type]) and not isinstance(value, bool)
        if not right_type:
            return self.expected if self.expected.startswith(self._noun) else f"{self._noun}, {self.expected}"
        return None if self.range is None or self.range.holds(value) else self.expected

    @property
    def _limits(self) -> str:
        return "" if self.range is None else self.range.words

    @property
    def _noun(self) -> str:
        return "a whole number" if self.type is int else "a number"


@cache
def field_kinds(cls: type[DataclassInstance]) -> dict[str, FieldKind]:
    """What each field of a settings dataclass may hold, in their order. Raises TypeError for an annotation that is
    none of int, float, str, bool, a Literal of strings, a tuple of these or one of them or None."""
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: _kind(hints[field.name]) for field in fields(cls)}


def _kind(hint: Any) -> FieldKind:
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        kind = _kind(parts[0])
        ranges = [mark for mark in parts[1:] if isinstance(mark, Range)]
        return replace(kind, range=ranges[-1] if ranges else kind.range, advanced=kind.advanced or ADVANCED in parts)
    if origin in (Union, UnionType):
        values = [part for part in parts if part is not NoneType]
        if len(values) == 1:
            return replace(_kind(values[0]), optional=True)
    elif origin is tuple and parts[1:] == (...,):
        return replace(_kind(parts[0]), many=True)
    elif origin is Literal and all(isinstance(part, str) for part in parts):
        return FieldKind(str, choices=parts)
    elif hint in (int, float, str, bool):
        return FieldKind(hint)
    raise TypeError(f"{hint!r} is no annotation of a setting; expected int, float, str, bool, a Literal or a tuple")


def check_fields(settings: DataclassInstance, error: type[NeuronKBError]) -> None:
    """Raise `error` for the first field that holds what its annotation does not allow: its name, value and limits."""
    values = vars(settings)
    check_finite(values.items(), error)
    check_seed("seed", values.get("seed"), error)
    for name, kind in field_kinds(type(settings)).items():
        if values[name] is not None or not kind.optional:
            _check_field(name, values[name], kind, error)


def _check_field(name: str, value: Any, kind: FieldKind, error: type[NeuronKBError]) -> None:
    if kind.many and (isinstance(value, str | bytes) or not isinstance(value, Sequence)):
        raise error(f"{name} is {value!r}, expected a list: {kind.expected}")
    for item in value if kind.many else (value,):
        expected = kind.refused(item)
        if expected is not None:
            raise error(f"{name} {'has' if kind.many else 'is'} {item!r}, expected {expected}")


def chosen(cls: type[T], given: Mapping[str, Any] | T | None, what: str, error: type[NeuronKBError] = ModelError) -> T:
    """A settings dataclass: as it is, or from a mapping of some of its fields, or with its defaults.

    Raises `error` for an unknown name, with the known ones; `what` says whose settings they are.
    """
    if isinstance(given, cls):
        return given
    asked = dict(given) if isinstance(given, Mapping) else {}
    known = [field.name for field in fields(cls)]
    for name in asked:
        if name not in known:
            raise error(f"unknown setting {name!r} of {what}; known: {', '.join(known)}")
    return cls(**asked)


def _digits(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"
