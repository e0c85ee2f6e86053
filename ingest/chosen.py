"""Settings of a job, from what a caller gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from ..schema import ModelError, NeuronKBError
from ..schema.numbers import check_finite, check_seed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def chosen(kind: type[T], given: Mapping[str, Any] | T | None, what: str, error: type[NeuronKBError] = ModelError) -> T:
    """A settings dataclass: as it is, or from a mapping of some of its fields, or with its defaults.

    Raises `error` for an unknown name, with the known ones, for a number that is not finite and for a seed that is
    none; `what` says whose settings they are.
    """
    if isinstance(given, kind):
        _check(vars(given), error)
        return given
    asked = dict(given) if isinstance(given, Mapping) else {}
    known = [field.name for field in fields(kind)]
    for name in asked:
        if name not in known:
            raise error(f"unknown setting {name!r} of {what}; known: {', '.join(known)}")
    _check(asked, error)
    return kind(**asked)


def _check(values: Mapping[str, Any], error: type[NeuronKBError]) -> None:
    check_finite(values.items(), error)
    check_seed("seed", values.get("seed"), error)
