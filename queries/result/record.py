"""What a verb answers: a record that shows itself as sections, the same in every door."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from ...schema.visible import plain
from .entity import Entity
from .entity import plain as plain_entity
from .line import Line
from .section import Section


class Record:
    """Fields hold the answer in full, for --json, HTTP and MCP; `sections` shows it.

    A subclass is a frozen dataclass with `repr=False`. Those of the properties here that it knows better it has as
    properties too, or as fields with a default.
    """

    @property
    def title(self) -> str:
        """What it is about, in a few words."""
        return ""

    @property
    def lead(self) -> str:
        """A line under the title."""
        return ""

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line each on what is missing or doubtful, and the mend."""
        return ()

    @property
    def ok(self) -> bool:
        """False where a script should stop: the command's exit code is then 1."""
        return True

    def sections(self) -> tuple[Section, ...]:
        """The answer as tables and pictures."""
        raise NotImplementedError

    def json(self) -> dict[str, Any]:
        """The fields as plain JSON values at full precision, and `warnings`."""
        values = {each.name: plain_json(getattr(self, each.name)) for each in fields(self)}  # type: ignore[arg-type]
        return {**values, "warnings": list(self.warnings)}

    def brief(self) -> dict[str, Any]:
        """The same object for who has little room, without what only a picture needs."""
        return self.json()

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Heads and rows for CSV and JSON lines: the first table that is shown, its values as plain JSON has them."""
        shown = next((section for section in self.sections() if section.rows), Section(""))
        return shown.columns, [tuple(plain_json(value) for value in row) for row in shown.rows]

    def markdown(self) -> str:
        """As Markdown, texts from outside without markup of their own."""
        from .markdown import document

        return document(self.title, self.lead, self.sections())

    def __repr__(self) -> str:
        from .markdown import document

        return document(self.title, self.lead, self.sections(), plain)

    def _repr_html_(self) -> str:
        from ..drawing.page import record_html

        return record_html(self.title, self.lead, self.sections())


def rows_of(kind: type, items: Sequence[Any]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Heads and rows of a `table` that has all of each item, a field of their dataclass `kind` a column."""
    names = tuple(each.name for each in fields(kind))
    return names, [tuple(_cell(getattr(item, name)) for name in names) for item in items]


def _cell(value: Any) -> Any:
    return value.text if isinstance(value, Line) else plain_json(value)


def plain_json(value: Any) -> Any:
    """A value as JSON has it: records and entities as objects, tuples as lists, what is no finite number as null, other
    things as their text."""
    if isinstance(value, Record):
        return value.json()
    if isinstance(value, Entity):
        value = plain_entity(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_json(held) for key, held in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, Sequence | set | frozenset | Iterator):
        return [plain_json(held) for held in value]
    return str(value)
