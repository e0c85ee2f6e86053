"""A parameter of a verb: read from its annotation, and how what a door is given becomes what the verb takes."""

from __future__ import annotations

import inspect
import math
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from ..ingest.chosen import Advanced, Local, Range
from ..schema.errors import QueryError
from ..schema.outside import Unreadable, parse_json
from .kinds import Kind

if TYPE_CHECKING:
    from .stores.base import Store

REQUIRED = inspect.Parameter.empty
Type = Literal["text", "whole", "number", "flag", "choice", "path", "pairs"]
_RANGE = re.compile("([0-9]{1,9})-([0-9]{1,9})")
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
WIDEST = 100_000
"""Numbers that a range such as 0-5 may stand for."""


class Misread(ValueError):
    """A value that is none of its parameter's; the text says what was expected."""


@dataclass(frozen=True)
class Parameter:
    """One parameter as doors ask for it."""

    name: str
    type: Type
    default: Any
    """REQUIRED where there is none"""
    words: str = ""
    """one sentence without its period"""
    many: bool = False
    optional: bool = False
    """None is a value: it was not given"""
    positional: bool = False
    choices: tuple[str, ...] = ()
    range: Range | None = None
    advanced: bool = False
    here: bool = False
    """names what only people at this machine may name"""
    kind: Kind | None = None
    """what sort of name it is, where that decides who may give it"""
    group: str | None = None
    """the settings that it is a field of"""

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    @property
    def option(self) -> str:
        """`--per-band`"""
        return "--" + self.name.rstrip("_").replace("_", "-")

    @property
    def listed(self) -> bool:
        """Whether several values stand in one text with commas between, as numbers and choices do."""
        return self.many and self.type in ("whole", "number", "choice")

    def read(self, value: Any) -> Any:
        """What the verb takes, from a text or from a value that is one already. Raises Misread."""
        if value is None:
            if self.optional or self.default is None:
                return None
            raise Misread("nothing was given")
        if self.type == "pairs":
            return dict(self._pairs(value))
        if not self.many:
            return self._checked(self._one(value))
        given = [value] if isinstance(value, str | Path) or not isinstance(value, Sequence) else value
        if self.listed:
            given = [part for text in given for part in (text.split(",") if isinstance(text, str) else [text])]
        parts = [self._one(part) for text in given for part in self._spread(text)]
        return self._checked(tuple(parts))

    def local(self, store: Store, value: Any) -> Any:
        """For a network door: the value where it names what is in the store. Raises QueryError, Misread."""
        read = self.read(value)
        return read if read is None or self.kind is None else self.kind.in_store(store, read)

    @property
    def remote(self) -> bool:
        """Whether network doors have it at all: files, folders and addresses are for this machine's people alone."""
        return self.type != "path" and not self.here and (self.kind is None or self.kind.remote)

    def taken(self, value: Any) -> Any:
        """What a caller in Python gives: one text where several may stand is the only one of them.

        Raises QueryError for a value out of range or none of the choices, as every door says it.
        """
        value = (value,) if self.many and isinstance(value, str | Path) else value
        try:
            return self._checked(value)
        except Misread as error:
            raise QueryError(f"{self.name} is {error}") from None

    def _checked(self, value: Any) -> Any:
        if value is None or (self.range is None and not self.choices):
            return value
        for one in value if isinstance(value, tuple | list) else (value,):
            if self.choices and one not in self.choices:
                raise Misread(f"{one!r}, expected {'some' if self.many else 'one'} of {', '.join(self.choices)}")
            if self.range is not None and isinstance(one, int | float) and not self.range.holds(one):
                raise Misread(f"{one!r}, expected {self.range.words}")
        return value

    def _spread(self, text: Any) -> Sequence[Any]:
        """`3-5` of whole numbers as 3, 4, 5."""
        match = _RANGE.fullmatch(text.strip()) if isinstance(text, str) and self.type == "whole" else None
        if match is None:
            return (text,)
        low, high = int(match[1]), int(match[2])
        if not low <= high < low + WIDEST:
            raise Misread(f"{text!r}, expected a range such as 3-5")
        return range(low, high + 1)

    def _one(self, value: Any) -> Any:
        if self.type == "flag":
            return _flag(value)
        if self.type == "whole":
            return _whole(value)
        if self.type == "number":
            return _number(value)
        if not isinstance(value, str | Path):
            raise Misread(f"{value!r}, expected text")
        return Path(value) if self.type == "path" else str(value).strip() if self.type == "choice" else str(value)

    def _pairs(self, value: Any) -> Mapping[str, Any]:
        """`NAME=VALUE` texts, or a mapping as it is; a value is JSON where it can be read so, else text."""
        if isinstance(value, Mapping):
            return value
        pairs = {}
        for text in [value] if isinstance(value, str) else value:
            name, equals, written = text.partition("=")
            if not equals or not name.isidentifier():
                raise Misread(f"{text[:60]!r}, expected NAME=VALUE")
            try:
                pairs[name] = parse_json(written)
            except Unreadable:
                pairs[name] = written
        return pairs


def read_annotation(
    name: str, annotation: Any, default: Any, positional: bool, *, group: str | None = None, words: str = ""
) -> Parameter:
    """The parameter that an annotation describes.

    `Annotated[int, Range(1), "Rows"]`: the last text is its words; a Kind says what sort of name it is. Raises
    TypeError for a type that no door could ask for.
    """
    annotation, notes = _unwrapped(annotation)
    kind = next((note for note in notes if isinstance(note, Kind)), None)
    said = next((note for note in reversed(notes) if isinstance(note, str)), kind.words if kind else words)
    parameter = Parameter(
        name,
        "text",
        default,
        said.rstrip("."),
        positional=positional and not (kind and kind.option),
        range=next((note for note in notes if isinstance(note, Range)), None),
        advanced=any(isinstance(note, Advanced) for note in notes),
        here=any(isinstance(note, Local) for note in notes),
        kind=kind,
        group=group,
    )
    if kind is not None:
        optional = type(None) in get_args(annotation)
        return replace(parameter, type=kind.type, many=kind.many, optional=optional)
    return _typed(parameter, annotation)


def _unwrapped(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without what Annotated says of it, also where that stands on a part of a union, and what it says."""
    if get_origin(annotation) is Annotated:
        inner, *notes = get_args(annotation)
        bare, more = _unwrapped(inner)
        return bare, (*more, *notes)
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [_unwrapped(part) for part in get_args(annotation)]
        return Union[tuple(bare for bare, _ in parts)], tuple(note for _, notes in parts for note in notes)  # noqa: UP007
    return annotation, ()


def _typed(parameter: Parameter, annotation: Any) -> Parameter:
    parts = [annotation]
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        parameter = replace(parameter, optional=len(parts) < len(get_args(annotation)))
    if len(parts) > 1:
        # A number or several, a text or several: the plainest is asked for.
        several = [part for part in parts if get_origin(part) is not None and get_origin(part) is not Literal]
        parts = several or parts
    (kind, origin) = parts[0], get_origin(parts[0])
    if origin is Literal:
        return replace(parameter, type="choice", choices=tuple(map(str, get_args(kind))))
    if origin is not None and issubclass(origin, Mapping):
        return replace(parameter, type="pairs", positional=False)
    if origin is not None and issubclass(origin, Sequence):
        item, notes = _unwrapped(get_args(kind)[0])
        limits = next((note for note in notes if isinstance(note, Range)), parameter.range)
        return replace(_typed(replace(parameter, range=limits), item), many=True, optional=parameter.optional)
    known: dict[Any, Type] = {str: "text", int: "whole", float: "number", bool: "flag", Path: "path"}
    if kind not in known:
        raise TypeError(f"the parameter {parameter.name!r} is a {annotation!r}, which no door can ask for")
    return replace(parameter, type=known[kind])


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in _FLAGS:
        return _FLAGS[value.strip().lower()]
    raise Misread(f"{value!r}, expected true or false")


def _whole(value: Any) -> int:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
        whole = int(value) if isinstance(value, str) else int(number)
    except (TypeError, ValueError, OverflowError):
        raise Misread(f"{str(value)[:60]!r}, expected a whole number") from None
    if whole != number:
        raise Misread(f"{value!r}, expected a whole number")
    return whole


def _number(value: Any) -> float:
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Misread(f"{str(value)[:60]!r}, expected a finite number")
    return number
