"""Text that can be read once, such as standard input: kept on disk where its content has to be known first."""

from __future__ import annotations

import hashlib
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

from ...schema import CorpusError
from .document import Item
from .fields import Fields
from .readers import stream_items

BLOCK = 1 << 20


class Stream:
    """One stream; `open` gives it."""

    def __init__(self, name: str, fields: Fields, open: Callable[[], AbstractContextManager[BinaryIO]]) -> None:
        self._name, self._fields, self._open = name, fields, open
        self._kept: BinaryIO | None = None
        self._sum = ""

    def content(self, scratch: Path) -> str:
        """Hash of all of it, which is kept in an unnamed file of `scratch`. Raises CorpusError."""
        if self._kept is None:
            try:
                self._keep(scratch)
            except OSError as error:
                why = error.strerror or error
                raise CorpusError(f"{self._name}: cannot be read and kept in {str(scratch)!r} ({why})") from None
        return self._sum

    def items(self) -> Iterator[Item]:
        """Its documents: JSON lines, a JSON array, or one text. Raises CorpusError."""
        if self._kept is not None:
            self._kept.seek(0)
            yield from stream_items(self._kept, self._name, self._fields)
            return
        try:
            with self._open() as stream:
                yield from stream_items(stream, self._name, self._fields)
        except OSError as error:
            raise CorpusError(f"{self._name!r} cannot be read ({error.strerror or error})") from None

    def _keep(self, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        kept = cast(BinaryIO, tempfile.TemporaryFile(dir=scratch))  # noqa: SIM115
        weakref.finalize(self, kept.close)
        whole = hashlib.sha256()
        with self._open() as source:
            while block := source.read(BLOCK):
                whole.update(block)
                kept.write(block)
        self._kept, self._sum = kept, whole.hexdigest()
