"""The head comment of a catalogue file, read.

    // What it answers, in a sentence or more.
    // $name: type = default; what it is
    // $name: type of choice | choice; what it is
    // columns: neuron, rank, z
    // needs: DECODES_TO, SPELLS from lm-head; NAMED from probes
    // example: {"name": "value"}
    // part of: a neuron's card

Types are those of `parameter.TYPES`, a default is JSON, a parameter without one must be given. `needs` is evidence that
must be there, `needs any` evidence of which one is enough; `nothing` where neither is so. `part of` marks a helper that
a verb asks, which no list of queries shows. A line that begins no field goes on with the one above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ...schema import QueryError
from ...schema.outside import Unreadable, parse_json
from .evidence import MAKERS, Need
from .parameter import REQUIRED, TYPES, Parameter

_FIELD = re.compile(r"(\$\w+|columns|needs any|needs|example|part of): *(.*)")
_PARAMETER = re.compile(r"(\w+)(?: of ([^=;]+?))?(?: = ([^;]+?))?; (.+)")


@dataclass(frozen=True)
class Header:
    """What a head comment says."""

    purpose: str
    parameters: tuple[Parameter, ...]
    columns: tuple[str, ...]
    needs: tuple[Need, ...]
    any_need: bool
    """whether one of the needs is enough"""
    example: dict[str, Any]
    part_of: str | None


def read_header(file: str, lines: list[str]) -> Header:
    """Read the comment lines of a file, their `//` taken off. Raises QueryError that names the file and what is missing
    or wrong."""
    purpose, fields = _fields(file, lines)
    needs = fields.get("needs", fields.get("needs any"))
    missing = [
        what
        for what, found in (
            ("a purpose", purpose),
            ("columns", fields.get("columns")),
            ("needs", needs),
            ("example", fields.get("example")),
        )
        if not found
    ]
    if missing or needs is None:
        raise QueryError(f"{file}: its head comment lacks {missing[0]}; docs/queries.md shows a whole file")
    return Header(
        purpose,
        tuple(_parameter(file, key[1:], text) for key, text in fields.items() if key.startswith("$")),
        tuple(column.strip() for column in fields["columns"].split(",")),
        _needs(file, needs),
        "needs any" in fields,
        _example(file, fields["example"]),
        fields.get("part of"),
    )


def _fields(file: str, lines: list[str]) -> tuple[str, dict[str, str]]:
    """The text before the first field, and each field's text."""
    purpose: list[str] = []
    fields: dict[str, str] = {}
    key = None
    for line in lines:
        if found := _FIELD.fullmatch(line):
            if found[1] in fields:
                raise QueryError(f"{file}: its head comment says {found[1]} twice; take one out")
            key, fields[found[1]] = found[1], found[2]
        elif key is None:
            purpose.append(line)
        else:
            fields[key] += f" {line}"
    return " ".join(purpose).strip(), fields


def _parameter(file: str, name: str, text: str) -> Parameter:
    found = _PARAMETER.fullmatch(text)
    kind = next((each for each in TYPES if found and each == found[1]), None)
    if found is None or kind is None:
        raise QueryError(
            f"{file}: ${name}: {text!r} is not `type of a | b = default; what it is` with a type of {', '.join(TYPES)}"
        )
    choices = tuple(_literal(part.strip()) for part in found[2].split("|")) if found[2] else ()
    try:
        default = REQUIRED if found[3] is None else parse_json(found[3])
    except Unreadable as error:
        raise QueryError(
            f"{file}: ${name}: the default {found[3]!r} is {error}; expected JSON, null for none"
        ) from None
    return Parameter(name, kind, found[4], default, choices)


def _literal(text: str) -> Any:
    """A choice: a number, or a word as it stands."""
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else text


def _needs(file: str, text: str) -> tuple[Need, ...]:
    if text == "nothing":
        return ()
    found = []
    for part in text.split(";"):
        names, separator, maker = part.strip().partition(" from ")
        if not separator or maker not in MAKERS:
            raise QueryError(
                f"{file}: needs {part.strip()!r} is not `TYPE, TYPE from MAKER` with a maker of {', '.join(MAKERS)}"
            )
        found.append(Need(tuple(each.strip() for each in names.split(",")), maker))
    return tuple(found)


def _example(file: str, text: str) -> dict[str, Any]:
    try:
        example = parse_json(text)
    except Unreadable:
        example = None
    if not isinstance(example, dict):
        raise QueryError(f"{file}: example {text!r} is no JSON object of parameters; {{}} for none")
    return example
