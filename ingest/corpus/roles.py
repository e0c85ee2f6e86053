"""Whose turn each piece of a chat's text stands in, told by what the chat template does and not by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...schema import CorpusError
from .document import Document, RoleRuns
from .tokenizer import Ints

Codes = npt.NDArray[np.uint8]

TEMPLATE, UNKNOWN = "template", "unknown"
NAMES = ("user", "assistant", "system", "tool", TEMPLATE, UNKNOWN)
MOST_NAMES, LONGEST_NAME = 16, 64
"""Roles that a corpus tells apart, and characters of one; further ones are unknown."""
MOST_TURNS = 512
"""A chat is written once a turn: the roles of a longer one are unknown."""
_MARK = "\U0010fffd"
"""For private use: no text holds it but by accident, and no template looks for it."""
_FIXED = ("role", "type")
"""Fields of a message that say what it is, not what it says."""
_BLANKS = np.array([ord(character) for character in "\t\n\v\f\r \x85\xa0\u2028\u2029\u3000"], np.uint32)


@dataclass(frozen=True)
class Roles:
    """The roles of a corpus's tokens."""

    names: tuple[str, ...]
    codes: Codes
    """`[n_windows, length]`: 0 without a role (text that is no chat, BOS, padding), else 1 + place in `names`"""
    hash: str
    """hex sha256 over both"""

    @property
    def counts(self) -> dict[str, int]:
        """Tokens of each role that has any. Raises CorpusError for a code without a name."""
        found = np.zeros(256, np.int64)
        for start in range(0, len(self.codes), 2**14):
            found += np.bincount(self.codes[start : start + 2**14].ravel(), minlength=256)
        if found[len(self.names) + 1 :].any():
            raise CorpusError(f"the corpus is damaged: {len(self.names)} roles were expected; build it again")
        return {name: n for name, n in zip(self.names, found[1:].tolist(), strict=False) if n}


def role_runs(
    write: Callable[[Sequence[Mapping[str, Any]]], str], turns: Sequence[Mapping[str, Any]], text: str
) -> RoleRuns:
    """The roles along `text`, which is what `write` makes of `turns`.

    A piece has the role of the message that it changes with: each message is replaced in turn, every word of it, and
    what becomes different is its own. What changes with none is `template`; with more than one `unknown`, and so is all
    else where the template refuses a message that was replaced.
    """
    if _MARK in text or len(turns) > MOST_TURNS:
        return ((len(text), UNKNOWN),)
    rest, pieces = TEMPLATE, []
    for number, turn in enumerate(turns):
        try:
            other = write([*turns[:number], _replaced(turn), *turns[number + 1 :]])
        except ValueError:
            rest = UNKNOWN
        else:
            pieces.append((*_changed(text, other), _name(turn["role"])))
    return _runs(pieces, rest, len(text))


def _runs(pieces: Sequence[tuple[int, int, str]], rest: str, length: int) -> RoleRuns:
    """`pieces` (start, end, role), in any order, and `rest` between them; those that overlap are one, unknown."""
    apart: list[tuple[int, int, str]] = []
    for start, end, role in sorted(piece for piece in pieces if piece[0] < piece[1]):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]), UNKNOWN)
        else:
            apart.append((start, end, role))
    found: list[tuple[int, str]] = []
    for start, end, role in apart:
        found += [(start, rest), (end, role)]
    return (*found, (length, rest))


def _replaced(value: Any) -> Any:
    """A message with as many marks as its texts have characters, and one for a number: some templates ask for ids of a
    certain length."""
    if isinstance(value, Mapping):
        return {name: part if name in _FIXED else _replaced(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(part) for part in value]
    if isinstance(value, str):
        return _MARK * len(value)
    return value if value is None or isinstance(value, bool) else _MARK


def _changed(text: str, other: str) -> tuple[int, int]:
    """Start and end of what of a text is not in the other, which begins and ends alike."""
    start = _common(text, other)
    return start, len(text) - _common(text[start:][::-1], other[start:][::-1])


def _common(one: str, two: str) -> int:
    """Characters with which both begin."""
    low, high = 0, min(len(one), len(two))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _name(role: object) -> str:
    return role if isinstance(role, str) and role.isprintable() and 0 < len(role) <= LONGEST_NAME else UNKNOWN


class RoleBook:
    """Numbers the roles of documents as they come."""

    def __init__(self) -> None:
        self.names = list(NAMES)

    def codes(self, document: Document, tokens: Ints, places: Ints | None) -> Ints:
        """Of each of a document's `tokens`, as in `Roles.codes`; `places` are their characters, int32 `[n, 2]`.

        A token has the role of its characters but blanks; unknown where these have two, and where it has none.
        """
        if not document.roles:
            return np.zeros(len(tokens), np.int32)
        unknown = self._code(UNKNOWN)
        if places is None or not document.text:
            return np.full(len(tokens), unknown, np.int32)
        ends = [end for end, _ in document.roles]
        along = np.repeat([self._code(role) for _, role in document.roles], np.diff(ends, prepend=0)).astype(np.int32)
        first, last = _inked(document.text, places)
        changes = np.concatenate([[0], np.cumsum(along[1:] != along[:-1])])
        certain = (places[:, 0] < places[:, 1]) & (changes[first] == changes[last])
        return np.where(certain, along[first], unknown).astype(np.int32)

    def _code(self, name: str) -> int:
        if name not in self.names:
            if len(self.names) == MOST_NAMES:
                return self._code(UNKNOWN)
            self.names.append(name)
        return 1 + self.names.index(name)


def _inked(text: str, places: Ints) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """First and last character of each place that is no blank; the place's own ends where all are blanks."""
    blank = np.isin(np.frombuffer(text.encode("utf-32-le"), np.uint32), _BLANKS)
    at = np.arange(len(blank))
    following = np.minimum.accumulate(np.where(blank, len(blank), at)[::-1])[::-1]
    preceding = np.maximum.accumulate(np.where(blank, -1, at))
    start = np.clip(places[:, 0], 0, len(blank) - 1).astype(np.int64)
    end = np.clip(places[:, 1] - 1, start, len(blank) - 1).astype(np.int64)
    first, last = following[start], preceding[end]
    empty = first > end
    return np.where(empty, start, first), np.where(empty, end, last)
