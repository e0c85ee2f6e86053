"""Reads documents out of one file or stream of text: text, JSON lines, JSON arrays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from ...schema.outside import Unreadable, parse_json
from .document import LIMIT, Item, Skipped, make_document
from .fields import Fields
from .json_array import NotUtf8, elements

BOM = b"\xef\xbb\xbf"
_BLANK = 2**16
"""Bytes of white space that may stand before the first element of an array."""


def text_items(stream: BinaryIO, name: str) -> Iterator[Item]:
    """The whole stream as one document."""
    # One byte more than allowed, so that a longer one is seen to be longer.
    data = stream.read(LIMIT + len(BOM) + 1)
    yield make_document(data.removeprefix(BOM), None, name)


def jsonl_items(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Item]:
    """A document a line: a field of a JSON object, with its id where it has one. Empty lines are passed over."""
    for number, line in _lines(stream):
        where = f"{name}:{number}"
        if line is None:
            yield Skipped(where, f"a line longer than {LIMIT >> 20} MiB; split it")
        elif line.strip():
            yield _item(_parse(line), fields, where)


def array_items(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Item]:
    """A document an element of a JSON array: a field of an object, or a text. Raises CorpusError for a damaged one."""
    for number, value in enumerate(elements(stream, name), 1):
        where = f"{name}:{number}"
        if isinstance(value, NotUtf8):
            yield Skipped(where, "not UTF-8")
        elif isinstance(value, str):
            yield make_document(value, None, where)
        else:
            yield _item(value, fields, where)


def stream_items(stream: BinaryIO, name: str, fields: Fields) -> Iterator[Item]:
    """What a stream holds is told by how it begins: an array of objects or of texts; JSON lines where the first or the
    second line is an object with the text's field; else the whole is one document."""
    first = stream.readline(LIMIT + 1)
    start = first.removeprefix(BOM).strip()
    if start.startswith(b"["):
        while len(start) < 2 and len(first) < _BLANK and (line := stream.readline(_BLANK)):
            first += line
            start = b"[" + first[first.index(b"[") + 1 :].strip()
        inner = start[1:].lstrip()[:1]
        whole = _ahead(first, stream)
        return array_items(whole, name, fields) if inner in (b"{", b'"', b"]") else text_items(whole, name)
    row = _parse(first.removeprefix(BOM))
    if isinstance(row, dict) and fields.text_of(row) is None and first.endswith(b"\n"):
        second = stream.readline(LIMIT + 1)
        first, row = first + second, _parse(second)
    whole = _ahead(first, stream)
    if isinstance(row, dict) and fields.text_of(row) is not None:
        return jsonl_items(whole, name, fields)
    return text_items(whole, name)


def _ahead(first: bytes, stream: BinaryIO) -> BinaryIO:
    """A stream with the bytes that were read from it before it again."""
    return cast(BinaryIO, io.BufferedReader(_Ahead(first, stream)))


class _Ahead(io.RawIOBase):
    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first, self._stream = first, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._first[: len(buffer)]
        self._first = self._first[len(data) :]
        if not data:
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Line numbers from 1, with the line; None stands for one longer than LIMIT, which is never held whole."""
    number, line = 1, stream.readline(LIMIT + 1).removeprefix(BOM)
    while line:
        whole = len(line) <= LIMIT or line.endswith(b"\n")
        yield number, line if whole else None
        while line and not line.endswith(b"\n"):
            line = stream.readline(LIMIT)
        number, line = number + 1, stream.readline(LIMIT + 1)


def _parse(line: bytes) -> Any:
    """The JSON value of a line, or the reason why there is none, as a Skipped without a place."""
    try:
        # A text with half a character is told from others when it is made a document.
        return parse_json(line, halves=True)
    except Unreadable as error:
        return Skipped("", "not JSON" if error.kind in ("cut off", "not JSON") else str(error))


def _item(row: Any, fields: Fields, where: str) -> Item:
    if isinstance(row, Skipped):
        return Skipped(where, row.why)
    if not isinstance(row, dict):
        return Skipped(where, "not a JSON object")
    return fields.row(row, where)
