"""Strangers' JSON, read with bounds: whole documents, lines, and gzip of either."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ....schema import PublishedError
from ....schema.outside import Unreadable, decode, parse_json

DOCUMENT = 512 * 2**20
"""Bytes that a JSON document may have, unpacked."""
LINE = 64 * 2**20
"""Bytes that a line of JSON may have."""
UNPACKED = 8 * 2**30
"""Bytes that all lines of a file may have."""
TEXT = 2**20
"""Bytes that an explanation's text file may have."""


def json_document(path: Path, halves: bool = True) -> Any:
    """The value of a JSON file, packed or not; `halves` of characters are kept. Raises PublishedError with file and
    line."""
    data = _bytes(path, DOCUMENT)
    return _value(path, 1, data, halves)


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Each line's number and value; empty lines are passed over. Raises PublishedError with file and line."""
    with _opened(path) as stream:
        total, number = 0, 0
        while line := stream.readline(LINE + 1):
            number += 1
            total += len(line)
            if len(line) > LINE:
                raise PublishedError(f"{path}:{number}: a line of more than {LINE >> 20} MiB")
            if total > UNPACKED:
                raise PublishedError(f"{path}:{number}: more than {UNPACKED >> 30} GiB unpacked; split it")
            if line.strip():
                yield number, _value(path, number, line)


def text_file(path: Path) -> str:
    """A short text in UTF-8. Raises PublishedError."""
    data = _bytes(path, TEXT)
    try:
        return decode(data)
    except Unreadable as error:
        raise PublishedError(f"{path}:{error.line}: {error}") from None


def parsed(path: Path, text: str) -> Any:
    """The value of a file's text. Raises PublishedError."""
    return _value(path, 1, text.encode())


def _bytes(path: Path, most: int) -> bytes:
    with _opened(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise PublishedError(f"{path}: larger than {most >> 20} MiB; split it")
    return data


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """A file's bytes, unpacked where they begin as gzip does; whatever its reading raises is a PublishedError."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if packed:
                with gzip.open(raw, "rb") as unpacked:
                    yield unpacked
            else:
                yield raw
    except EOFError:
        raise PublishedError(f"{path}: cut off: its gzip stream has no end; download it again") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise PublishedError(f"{path}: damaged gzip ({error}); download it again") from None
    except OSError as error:
        raise PublishedError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None


def _value(path: Path, line: int, data: bytes, halves: bool = True) -> Any:
    try:
        # Halves of characters are met in real exports, and replaced where a text is taken.
        return parse_json(data, halves)
    except Unreadable as error:
        raise PublishedError(f"{path}:{line + error.line - 1}: {error}; download it again") from None
