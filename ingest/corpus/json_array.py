"""Reads the elements of one JSON array, as long as it may be, one at a time."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from ...schema import CorpusError
from ...schema.outside import BRACKETS, DENSITY
from .document import LIMIT

_BLOCK = 2**18
_END = 16
"""Characters before the end of what is read so far in which a value may be cut, and is no error yet."""
_DECODER = json.JSONDecoder()


class NotUtf8:
    """Stands for an element that is not UTF-8."""


def elements(stream: BinaryIO, name: str) -> Iterator[Any]:
    """The values of an array; memory holds one, of LIMIT characters at most. Raises CorpusError naming the place."""
    text = _Text(stream, name)
    text.expect("[")
    if text.next() == "]":
        return text.close()
    for number in range(1, 2**63):
        yield text.value(number)
        if text.next() == "]":
            return text.close()
        text.expect(",")


class _Text:
    """The text of a stream, read on as it is used up."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream, self._name = stream, name
        # A byte that is no UTF-8 spoils the element that it is in, and no other.
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._held, self._at, self._over = "", 0, False

    def next(self) -> str:
        """The next character that is no white space; it stays. Raises CorpusError at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._held):
                return self._held[self._at]
            if self._over:
                raise CorpusError(f"{self._name}: the JSON array is cut off; get the file again")
            self._more()

    def expect(self, mark: str) -> None:
        """Pass over a character. Raises CorpusError for another."""
        if (found := self.next()) != mark:
            raise CorpusError(f"{self._name}: not a JSON array: {found!r} where {mark!r} was expected")
        self._at += 1

    def value(self, number: int) -> Any:
        """The next value; `number` names it."""
        self.next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
                if end < len(self._held) or self._over:  # a number may go on
                    return self._taken(value, end)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self._held) - _END
                if self._over or not cut:
                    raise CorpusError(f"{self._name}: element {number} is not JSON ({error.msg})") from None
            except (RecursionError, ValueError):
                raise CorpusError(f"{self._name}: element {number} is nested too deep, or a number too long") from None
            length = len(self._held) - self._at
            brackets = self._held.count("[", self._at) + self._held.count("{", self._at)
            if length > LIMIT or brackets > BRACKETS + length // DENSITY:
                why = f"longer than {LIMIT >> 20} MiB" if length > LIMIT else f"of {brackets:,} lists and objects"
                raise CorpusError(f"{self._name}: element {number} is {why}; split it")
            self._more()

    def close(self) -> None:
        """Take the closing bracket. Raises CorpusError for anything behind it."""
        self._at += 1
        while not self._over:
            self._more()
            if len(self._held) - self._at > LIMIT:
                break
        if self._held[self._at :].strip():
            raise CorpusError(f"{self._name}: more text stands behind the JSON array; expected one array a file")

    def _taken(self, value: Any, end: int) -> Any:
        raw, self._at = self._held[self._at : end], end
        try:
            raw.encode()
        except UnicodeEncodeError:
            return NotUtf8()
        return value

    def _more(self) -> None:
        """At least as much again as is held, so that a long value is not parsed many times."""
        self._held, self._at = self._held[self._at :], 0
        data = self._stream.read(max(_BLOCK, len(self._held)))
        self._over = not data
        self._held += self._decode(data, self._over)
