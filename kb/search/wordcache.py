"""Words' vectors of one embedding model, for every store of a user: each word is embedded once a machine.

    words/{embedder}/{checksum}/   some words and their vectors as float16; never changed
    words/{embedder}/lock          held while words are looked up and embedded

A part that is damaged is taken away, the oldest go where there are too many bytes: what is lost costs time only.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from filelock import FileLock

from ...ingest.progress import Progress, silent
from ...schema.compute import pc
from .files import make_folder, read_folder
from .planes import Vectors
from .terms import WORDS, Embed, read_words, write_words

VECTORS = "vectors.f16"
PART = 8_192
"""Words embedded and kept at a time: what a kill loses, and how long another process waits."""
PARTS = 64
"""Parts at which they are made one."""
MOST = 2**30
"""Bytes of vectors that are kept of a model: 1.4 million words of 384 numbers."""

Half = npt.NDArray[np.float16]
EmbedTold = Callable[[Sequence[str], Progress], Vectors]
"""Texts, and whom it tells how far it is, to unit vectors."""


class WordCache:
    """The words of one embedding model in `folder`."""

    def __init__(self, folder: Path, dimensions: int) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._parts: dict[str, tuple[pa.Array, Half]] = {}

    def __len__(self) -> int:
        self._read()
        return sum(len(words) for words, _ in self._parts.values())

    def vectors(self, words: Sequence[str], embed: EmbedTold, progress: Progress = silent) -> Vectors:
        """Unit vectors float32 `[len(words), dimensions]`: those that `embed` makes of words, rounded to float16.

        Words not known yet are embedded and kept; where the folder cannot be written, embedded alone.
        """
        found = np.empty((len(words), self._dimensions), np.float32)
        start = 0

        def told(step: str, done: int, total: int) -> None:
            some = min(PART, len(words) - start)
            progress("embedding words, once a machine", start + some * done // max(total, 1), len(words))

        for start in range(0, len(words), PART):
            some = words[start : start + PART]
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with FileLock(self._folder / "lock"):
                    halves = self._looked_up(pa.array(some, pa.string()), lambda texts: embed(texts, told))
            except OSError:
                halves = embed(some, told).astype(np.float16)
            found[start : start + PART] = halves
            told("", 1, 1)
        return found

    def _looked_up(self, asked: pa.Array, embed: Embed) -> Half:
        self._read()
        found = np.empty((len(asked), self._dimensions), np.float16)
        missing = np.ones(len(asked), bool)
        for words, vectors in self._parts.values():
            at = pc.index_in(asked, value_set=words)
            here = np.asarray(at.is_valid().to_numpy(zero_copy_only=False), bool)
            found[here] = vectors[at.drop_null().to_numpy()]
            missing &= ~here
        if missing.any():
            new = pc.unique(asked.filter(pa.array(missing)))
            vectors = embed(new.to_pylist()).astype(np.float16)
            found[missing] = vectors[pc.index_in(asked.filter(pa.array(missing)), value_set=new).to_numpy()]
            self._keep(new, vectors)
        return found

    def _read(self) -> None:
        """Take in the parts that are there and sound. A part that another process took away stays in memory."""
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if folder.name in self._parts or not folder.is_dir() or folder.name.startswith("."):
                continue
            facts = read_folder(folder, whole=True)
            if facts is None or facts.get("dimensions") != self._dimensions:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            shape = (facts["words"], self._dimensions)
            vectors: Half = np.memmap(folder / VECTORS, np.float16, "r", shape=shape)
            self._parts[folder.name] = read_words(folder / WORDS), vectors

    def _keep(self, words: pa.Array, vectors: Half) -> None:
        """Write a part; with all others in it, where these are many."""
        for left in self._folder.glob(".partial-*"):  # by a process that was killed: the lock is ours
            shutil.rmtree(left, ignore_errors=True)
        gone: list[str] = []
        if len(self._parts) >= PARTS:
            gone = list(self._parts)
            words = pa.concat_arrays([*(held for held, _ in self._parts.values()), words])
            vectors = np.concatenate([*(held for _, held in self._parts.values()), vectors])
        least = max(0, len(words) - MOST // (2 * self._dimensions))
        words, vectors = words.slice(least), vectors[least:]

        def fill(folder: Path) -> dict[str, Any]:
            write_words(folder / WORDS, words)
            vectors.tofile(folder / VECTORS)
            return {"words": len(words), "dimensions": self._dimensions}

        name = hashlib.sha256("\0".join(words.to_pylist()).encode()).hexdigest()[:16]
        make_folder(self._folder / name, fill)
        self._parts[name] = words, vectors
        for other in gone:
            del self._parts[other]
            shutil.rmtree(self._folder / other, ignore_errors=True)
        self._drop_oldest()

    def _drop_oldest(self) -> None:
        """Keep at most MOST bytes; what is dropped stays in memory."""
        held = [folder / VECTORS for folder in self._folder.iterdir() if (folder / VECTORS).is_file()]
        held.sort(key=lambda path: path.stat().st_mtime)
        size = sum(path.stat().st_size for path in held)
        for path in held:
            if size <= MOST:
                break
            size -= path.stat().st_size
            shutil.rmtree(path.parent, ignore_errors=True)
