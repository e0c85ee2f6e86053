"""A query's parameter: its type, default and choices, and the check of a value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ...schema import IdError, NeuronId, QueryError, fold

Type = Literal[
    "text", "word", "int", "float", "bool", "model", "run", "neuron", "texts", "words", "ints", "floats", "neurons"
]
"""`word` is brought to the form of a Term, `neuron` to a neuron's id; the plurals are lists."""
TYPES: tuple[Type, ...] = get_args(Type)
PLURAL: Mapping[Type, Type] = {"texts": "text", "words": "word", "ints": "int", "floats": "float", "neurons": "neuron"}
REQUIRED = object()
"""The default of a parameter that has none."""

_EXPECTED: Mapping[Type, str] = {
    "text": "a text",
    "word": "a word",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "model": "a model's id",
    "run": "a run's id",
    "neuron": "a neuron's id such as MODEL/L3/N17",
}


@dataclass(frozen=True)
class Parameter:
    """One `$name` of a query."""

    name: str
    type: Type
    doc: str
    default: Any = REQUIRED
    choices: tuple[Any, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def item(self) -> Type:
        """The type of one value: of a list's members, else its own."""
        return PLURAL.get(self.type, self.type)

    @property
    def many(self) -> bool:
        return self.type in PLURAL

    def value(self, given: Any, query: str) -> Any:
        """`given` as the store takes it. Raises QueryError that names the query, the parameter and what it expects."""
        if given is None and self.default is None:
            return None
        if not self.many:
            return self._one(given, query)
        if isinstance(given, str) or not hasattr(given, "__iter__"):
            raise QueryError(f"query {query!r}: {self.name} is {given!r}, expected a list of {self.type}")
        return [self._one(each, query) for each in given]

    def _one(self, given: Any, query: str) -> Any:
        found = _read(self.item, given)
        if found is None:
            raise QueryError(f"query {query!r}: {self.name} is {given!r}, expected {_EXPECTED[self.item]}")
        if self.name == "top" and self.item in ("int", "float") and found < 0:
            raise QueryError(f"query {query!r}: top is {given!r}, expected 0 rows or more")
        if self.choices and found not in self.choices:
            known = ", ".join(map(str, self.choices))
            raise QueryError(f"query {query!r}: {self.name} is {given!r}, expected one of {known}")
        return found


def _read(kind: Type, given: Any) -> Any:
    """The value in its type; None when it is of another."""
    if kind == "bool":
        return given if isinstance(given, bool) else None
    if kind in ("int", "float"):
        return _number(kind, given)
    if not isinstance(given, str):
        return str(given) if kind == "neuron" and isinstance(given, NeuronId) else None
    if kind == "word":
        return fold(given) or given or None
    if kind != "neuron":
        return given
    try:
        return str(NeuronId.parse(given))
    except IdError as error:
        raise QueryError(str(error)) from None


def _number(kind: Type, given: Any) -> int | float | None:
    """A number as Python's own, so that those of numpy do too; no truth values, nothing that is not finite."""
    if isinstance(given, bool) or not hasattr(given, "__index__" if kind == "int" else "__float__"):
        return None
    found = int(given) if kind == "int" else float(given)
    return found if math.isfinite(found) else None
