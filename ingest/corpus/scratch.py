"""The windows of a corpus in the making, on disk as they come."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .document import Document
from .duplicates import Flags, KeyFiles
from .layout import DOCUMENTS
from .tokenizer import Ints
from .windows import Windows

HELD_OUT = 8
"""One document of eight is held out."""

FILES = ("tokens", "lengths", "document", "offset", "held")
ROLE_FILE = "roles"

IDS = pa.schema([pa.field("id", pa.large_string(), nullable=False)])


def is_held(document: str) -> bool:
    """Whether a document is held out for scoring: one in eight, by sha256 of its id, whatever else is in the corpus."""
    return int.from_bytes(hashlib.sha256(document.encode()).digest()[:8], "little") % HELD_OUT == 0


class Scratch:
    """Appends documents and their windows to files in a folder; a context manager that closes them.

    Read again with `read`, once closed.
    """

    def __init__(self, folder: Path, length: int, with_bos: bool, keyed: bool, with_roles: bool = False) -> None:
        self.folder, self.length, self.with_bos = folder, length, with_bos
        self.keys = KeyFiles(folder)
        self.documents = self.windows = self.tokens_read = self.lost = self.short = 0
        self._keyed, self._with_roles = keyed, with_roles
        self._stack = ExitStack()

    def __enter__(self) -> Scratch:
        with ExitStack() as stack:  # closes the first when the next cannot be opened
            self._tokens, self._lengths, self._document, self._offset, self._held = (
                stack.enter_context((self.folder / name).open("wb")) for name in FILES
            )
            self._ids = stack.enter_context(pa.ipc.new_file(str(self.folder / DOCUMENTS), IDS))
            if self._keyed:
                stack.enter_context(self.keys)
            if self._with_roles:
                self._roles = stack.enter_context((self.folder / ROLE_FILE).open("wb"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, documents: Sequence[Document], windows: Windows, roles: Ints | None = None) -> None:
        """Append documents and their windows, numbered from `self.documents` on, and the roles of the windows' tokens
        where it is `with_roles`."""
        held = np.array([is_held(document.id) for document in documents], bool)
        self._tokens.write(np.ascontiguousarray(windows.tokens, "<i4").tobytes())
        self._lengths.write(windows.lengths.tobytes())
        self._document.write(windows.document.tobytes())
        self._offset.write(windows.offset.tobytes())
        self._held.write(held[windows.document - self.documents].tobytes())
        self._ids.write_batch(pa.record_batch([pa.array([d.id for d in documents], pa.large_string())], schema=IDS))
        if self._keyed:
            self.keys.add(windows.tokens[:, self.with_bos :])
        if roles is not None:
            self._roles.write(np.maximum(roles, 0).astype(np.uint8).tobytes())
        self.documents += len(documents)
        self.windows += len(windows)
        self.tokens_read += int(windows.lengths.sum()) - self.with_bos * len(windows)
        self.lost += windows.lost
        self.short += windows.short

    def tokens(self) -> Ints:
        """All windows, int32 `[n_windows, length]`, PAD behind their ends, mapped from disk. There must be one."""
        return np.memmap(self.folder / "tokens", "<i4", "r", shape=(self.windows, self.length))

    def roles(self) -> npt.NDArray[np.uint8]:
        """The roles of all windows' tokens, uint8 `[n_windows, length]`, mapped from disk; 0 behind their ends."""
        return np.memmap(self.folder / ROLE_FILE, "u1", "r", shape=(self.windows, self.length))

    def read(self) -> tuple[Ints, Ints, Ints, Flags]:
        """Length, document, offset and held of all windows, `[n_windows]`."""
        lengths, document, offset = (np.fromfile(self.folder / name, np.int32) for name in FILES[1:4])
        return lengths, document, offset, np.fromfile(self.folder / "held", bool)

    def remove(self) -> None:
        """Remove its files, but the documents' ids, which stay."""
        for path in self.folder.iterdir():
            if path.name in (*FILES, ROLE_FILE) or path.name.startswith("keys"):
                path.unlink()
