"""Finds windows that repeat an earlier one, word for word or nearly.

Keys of all windows lie in files, one a band, and are looked at a band at a time, so that a window costs memory for one
key and its place in their order: under 50 bytes. Windows that share a key are then compared by their own tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from .minhash import BANDS, band_keys, jaccard, whole_keys
from .tokenizer import Ints

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]
_BLOCK = 4096
"""Pairs compared at a time."""


class KeyFiles:
    """The keys of windows, appended as windows are made; a context manager that closes the files."""

    def __init__(self, folder: Path) -> None:
        self._whole = folder / "keys"
        self._bands = [folder / f"keys{band:02d}" for band in range(BANDS)]
        self._open: list[BinaryIO] = []
        self._stack = ExitStack()

    def __enter__(self) -> KeyFiles:
        with ExitStack() as stack:  # closes the first when the next cannot be opened
            self._open = [stack.enter_context(path.open("wb")) for path in (self._whole, *self._bands)]
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, tokens: Ints) -> None:
        """Append the keys of windows, int32 `[n, length]` without BOS."""
        keys = [whole_keys(tokens), *band_keys(tokens).T]
        for file, column in zip(self._open, keys, strict=True):
            file.write(column.tobytes())

    def __iter__(self) -> Iterator[npt.NDArray[np.unsignedinteger]]:
        """The columns: first the hash of the whole window, then a key a band."""
        yield np.fromfile(self._whole, np.uint64)
        for path in self._bands:
            yield np.fromfile(path, np.uint32)


def find_duplicates(
    tokens: Ints, keys: KeyFiles, similarity: float, progress: Callable[[int, int], None] = lambda done, total: None
) -> Flags:
    """True for every window, bool `[n_windows]`, that an earlier one resembles by `similarity` or more.

    `tokens` are the windows without BOS, int32 `[n_windows, length]`. Exact copies are always found. Near ones are
    found where they share a band's key and are compared: with the first of the windows that share it and with the one
    just before. What is compared is compared exactly, so a window is never dropped without a likeness.
    """
    dropped = np.zeros(len(tokens), bool)
    for number, column in enumerate(keys):
        # Windows that are out already hide nothing from those behind them.
        left = np.flatnonzero(~dropped)
        for earlier, later in _pairs(column[left]):
            alike = _alike(tokens, left[earlier], left[later], similarity)
            dropped[left[later[alike]]] = True
        progress(number + 1, BANDS + 1)
    return dropped


def _pairs(keys: npt.NDArray[np.unsignedinteger]) -> Iterator[tuple[Numbers, Numbers]]:
    """Positions of an earlier and a later window that share a key: each with its forerunner, and with the first."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    follows = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    del ordered
    # Runs of neighbours with one key begin where the one before is no follower itself.
    starts = np.flatnonzero(np.diff(follows, prepend=-1) != 1)
    first = np.repeat(follows[starts] - 1, np.diff(starts, append=len(follows)))
    for at in range(0, len(follows), _BLOCK):
        here, head = follows[at : at + _BLOCK], first[at : at + _BLOCK]
        yield order[here - 1], order[here]
        further = head != here - 1
        yield order[head[further]], order[here[further]]


def _alike(tokens: Ints, earlier: Numbers, later: Numbers, similarity: float) -> Flags:
    one, other = np.asarray(tokens[earlier]), np.asarray(tokens[later])
    # Equal windows are alike whatever they hold.
    found: Flags = (one == other).all(axis=1) | (jaccard(one, other) >= similarity)
    return found
