"""Files as they are, or unpacked while they are read: .gz and .zst."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa

from ...schema import CorpusError

PACKINGS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
ROOM, RATIO = 2**26, 250
"""A file may unpack to ROOM bytes and RATIO times its size; texts seldom reach 20 times."""
_BLOCK = 2**20


def kind_of(path: Path) -> str:
    """The ending that says what a file holds, in lower case, without that of its packing: `.jsonl` of `a.jsonl.gz`."""
    return Path(path.stem if path.suffix.lower() in PACKINGS else path.name).suffix.lower()


@contextmanager
def unpacked(path: Path, name: str) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked if its name says that it is packed. Raises OSError where it cannot be opened.

    Reading raises CorpusError: it is damaged, or unpacks to far more than texts do.
    """
    packing = PACKINGS.get(path.suffix.lower())
    with path.open("rb") as plain:
        if packing is None:
            yield plain
            return
        with io.BufferedReader(_Unpacking(plain, packing, name, path.stat().st_size), _BLOCK) as stream:
            yield stream


@contextmanager
def seekable(path: Path, name: str) -> Iterator[BinaryIO]:
    """The same for a reader that jumps about: what is packed is unpacked to an unnamed file first."""
    with unpacked(path, name) as stream:
        if path.suffix.lower() not in PACKINGS:
            yield stream
            return
        with tempfile.TemporaryFile() as kept:
            while block := stream.read(_BLOCK):
                kept.write(block)
            kept.seek(0)
            yield cast(BinaryIO, kept)


class _Unpacking(io.RawIOBase):
    """The unpacked bytes of a stream, as long as they are in proportion to its `size`."""

    def __init__(self, stream: BinaryIO, packing: str, name: str, size: int) -> None:
        self._inner: Any = pa.CompressedInputStream(stream, packing)
        self._name, self._left = name, ROOM + RATIO * size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            n: int = self._inner.readinto(buffer)
        except (OSError, pa.ArrowException) as error:
            why = str(error).splitlines()[0]
            raise CorpusError(f"{self._name}: cannot be unpacked ({why}); it is damaged or cut off") from None
        self._left -= n
        if self._left < 0:
            raise CorpusError(
                f"{self._name}: unpacks to more than {RATIO} times its size, as no text does; unpack it yourself to "
                "read it all the same"
            )
        return n
