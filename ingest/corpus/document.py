"""One text, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LIMIT = 16 * 2**20
"""Bytes of UTF-8 that one document, and one line of JSONL, may have: it is tokenised in memory."""


RoleRuns = tuple[tuple[int, str], ...]
"""(end, role) of the pieces of a chat's text, one after the other from its start to its end."""


@dataclass(frozen=True)
class Document:
    """One text. Texts that share an `id` stay on the same side of the held-out split."""

    id: str
    text: str
    roles: RoleRuns = ()
    """of a chat, where they are asked for; else empty"""


@dataclass(frozen=True)
class Skipped:
    """A text that could not be read."""

    where: str
    """`file`, or `file:line` (for Parquet and datasets the row), lines from 1"""
    why: str


@dataclass(frozen=True)
class Dialogue:
    """A chat: its text is a model's own way of writing it."""

    where: str
    id: object
    """as its row has it"""
    turns: Sequence[Mapping[str, Any]]
    """each with `role` and `content`"""


Item = Document | Dialogue | Skipped


def make_document(text: object, given: object, where: str) -> Document | Skipped:
    """The document of a row: `text` as str or UTF-8 bytes, `given` its id, which is `where` unless text or a number.

    Skipped says what is wrong with the row.
    """
    if text is None:
        return Skipped(where, "its text is null")
    if not isinstance(text, str | bytes):
        return Skipped(where, f"its text is of type {type(text).__name__}")
    name = where if isinstance(given, bool) or not isinstance(given, str | bytes | int) else given
    try:
        # A lone surrogate, which JSON can spell, is no Unicode text and no tokenizer takes it.
        data = text if isinstance(text, bytes) else text.encode()
        if len(data) > LIMIT:
            return Skipped(where, f"longer than {LIMIT >> 20} MiB; split it")
        whole = text if isinstance(text, str) else text.decode()
        name = name.decode() if isinstance(name, bytes) else str(name)
        name.encode()
    except UnicodeDecodeError as error:
        return Skipped(where, f"not UTF-8: {error.reason} at byte {error.start}")
    except UnicodeEncodeError:
        return Skipped(where, "holds a lone surrogate, which is no Unicode text")
    if "\0" in whole:
        return Skipped(where, "holds a zero byte, so it is no text")
    return Document(name or where, whole)
