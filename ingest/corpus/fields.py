"""Which fields of a row are its text and its id."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ...schema import CorpusError
from ...schema.outside import whole_characters
from .document import Dialogue, Item, Skipped, make_document

TEXT, CHAT, ID = "text", "messages", "id"


@dataclass(frozen=True)
class Fields:
    """What a row's text and id are called."""

    text: str | None = None
    """None: `text`, or where a row has none `messages`"""
    id: str | None = None
    """None: `id`, where a row has one; named, every row must have it"""

    @property
    def wanted(self) -> str:
        """The name of the text's field, for a message."""
        return TEXT if self.text is None else self.text

    def text_of(self, names: Collection[str]) -> str | None:
        """The field among these that holds the text; None where it is not there."""
        return next((name for name in ((TEXT, CHAT) if self.text is None else (self.text,)) if name in names), None)

    def columns(self, names: Sequence[str], name: str) -> tuple[str, str | None]:
        """The columns of a table that hold text and id. Raises CorpusError naming the file and what there is."""
        text, some = self.text_of(names), _listed(names)
        if text is None:
            raise CorpusError(
                f"{name}: no column {self.wanted!r}; name the one that holds the text, of {some} (--field NAME)"
            )
        if self.id is not None and self.id not in names:
            raise CorpusError(f"{name}: no column {self.id!r} for ids; expected one of {some} (--id NAME)")
        found = ID if self.id is None else self.id
        twice = next((column for column in (text, found) if list(names).count(column) > 1), None)
        if twice is not None:
            raise CorpusError(f"{name}: two columns are called {twice!r}; rename one, or name another (--field, --id)")
        return text, found if found in names and found != text else None

    def row(self, row: Mapping[str, Any], where: str) -> Item:
        """The document of a row of JSON or of a data set."""
        text = self.text_of(row)
        if text is None:
            return Skipped(where, f"no field {self.wanted!r}; it has {_listed(row) or 'none'}")
        if self.id is not None and self.id not in row:
            return Skipped(where, f"no field {self.id!r} for its id")
        return self.document(row[text], row.get(ID if self.id is None else self.id), where)

    def document(self, text: object, given: object, where: str) -> Item:
        """The document of a text, or of messages."""
        if isinstance(text, list) and _is_chat(text):
            return Dialogue(where, given, text)
        return make_document(text, given, where)


def _listed(names: Iterable[object]) -> str:
    """Some of them, for a message: names come from outside, and may be long or no text."""
    return whole_characters(", ".join(str(name)[:60] for name in islice(names, 20)))


def _is_chat(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(turn, dict) and "role" in turn for turn in value)
