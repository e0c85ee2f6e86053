"""Where the parts of a corpus lie.

    corpus.json     settings, tokenizer, hash, name, summary, what was skipped
    tokens.npy      int32 [n_windows, length], 0 behind a window's end
    lengths.npy     int32 [n_windows]    tokens of the window, BOS included; only with tails: without, all are whole
    document.npy    int32 [n_windows]    number of the window's document
    offset.npy      int32 [n_windows]    position of its first token, BOS aside, in the document
    held.npy        bool  [n_windows]    held out for scoring
    roles.npy       uint8 [n_windows, length] whose turn each token stands in; only where asked, names in corpus.json
    documents.arrow string [n_documents] their ids

A folder is made aside and renamed into place: it is whole or not there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ...schema import CorpusError

INFO = "corpus.json"
TOKENS, LENGTHS = "tokens.npy", "lengths.npy"
DOCUMENT, OFFSET, HELD = "document.npy", "offset.npy", "held.npy"
ROLES = "roles.npy"
DOCUMENTS = "documents.arrow"
FORMAT = 1


@contextmanager
def made_aside(target: Path) -> Iterator[Path]:
    """An empty folder beside `target` that becomes it at the end, and is removed where anything goes wrong.

    What a killed process left behind is removed by the next. Raises CorpusError: `target` holds something, another
    process is making it, or the disk refuses.
    """
    target = target.absolute()
    part = target.with_name(f".{target.name}.part")
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise CorpusError(f"{str(target)!r} holds something already; give a new folder, or open the corpus in it")
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(f".{target.name}.lock"))
        with _held(lock, target):
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            try:
                yield part
                os.replace(part, target)
            except BaseException:
                shutil.rmtree(part, ignore_errors=True)
                raise
    except OSError as error:
        raise CorpusError(f"{str(target)!r} cannot be written ({error.strerror or error})") from None


@contextmanager
def _held(lock: FileLock, target: Path) -> Iterator[None]:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CorpusError(f"{str(target)!r} is being made by another process; wait for it, or end it") from None
    try:
        yield
    finally:
        lock.release()
