"""Every distinct Term's vector, embedded once and kept: parts are only ever added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schema.compute import pc
from .files import make_folder, read_folder
from .planes import Vectors

WORDS, VECTORS = "words.arrow", "vectors.f16"
SAMPLE = 4096
"""Words that stand for random queries."""

Embed = Callable[[Sequence[str]], Vectors]


class TermVectors:
    """Words by number, and their unit vectors `[n, dimensions]`, kept as float16: within 2^-11 of a number's size."""

    def __init__(self, folder: Path, dimensions: int, parts: Sequence[str]) -> None:
        self._folder = folder
        self.dimensions = dimensions
        self.parts = list(parts)

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def words(self) -> pa.Array:
        """All words, by number."""
        read = [read_words(self._folder / part / WORDS) for part in self.parts]
        return pa.concat_arrays(read) if read else pa.array([], pa.string())

    @cached_property
    def _parts(self) -> list[npt.NDArray[np.float16]]:
        return [self._mapped(self._folder / part / VECTORS) for part in self.parts]

    def vectors(self, numbers: npt.NDArray[np.int64]) -> Vectors:
        """The vectors of these words, `[len(numbers), dimensions]`."""
        found = np.empty((len(numbers), self.dimensions), np.float32)
        start = 0
        for part in self._parts:
            inside = (numbers >= start) & (numbers < start + len(part))
            found[inside] = part[numbers[inside] - start]
            start += len(part)
        return found

    def all(self) -> Vectors:
        """Every vector, by number."""
        return self.vectors(np.arange(len(self)))

    def sample(self) -> Vectors:
        """Words evenly drawn from all: what random queries of one word are."""
        n = len(self)
        return self.vectors(np.unique(np.linspace(0, n - 1, min(n, SAMPLE)).astype(np.int64))) if n else self.all()

    def numbers(self, words: pa.Array, embed: Embed) -> npt.NDArray[np.int64]:
        """The number of each word; those not known yet are embedded and kept."""
        unknown = pc.unique(words.filter(pc.invert(pc.is_in(words, value_set=self.words))))
        if len(unknown):
            self._add(unknown.sort(), embed)
        return np.asarray(pc.index_in(words, value_set=self.words).to_numpy(), np.int64)

    def _add(self, words: pa.Array, embed: Embed) -> None:
        name = f"terms-{len(self.parts):03d}-{len(self):08d}"
        vectors = embed(words.to_pylist())

        def fill(folder: Path) -> dict[str, Any]:
            write_words(folder / WORDS, words)
            np.ascontiguousarray(vectors, "<f2").tofile(folder / VECTORS)
            return {"words": len(words), "dimensions": self.dimensions}

        make_folder(self._folder / name, fill)
        self.parts.append(name)
        for cached in ("words", "_parts"):
            self.__dict__.pop(cached, None)

    def _mapped(self, path: Path) -> npt.NDArray[np.float16]:
        rows = path.stat().st_size // (2 * self.dimensions)
        return np.memmap(path, "<f2", "r", shape=(rows, self.dimensions))


def sound_parts(folder: Path, parts: Sequence[str], whole: bool) -> list[str]:
    """The parts up to the first damaged one: numbers of words count through all parts."""
    found = []
    for part in parts:
        if read_folder(folder / part, whole) is None:
            break
        found.append(part)
    return found


def write_words(path: Path, words: pa.Array) -> None:
    """One column of text as an Arrow file."""
    write_table(path, pa.table({"word": words}))


def read_words(path: Path) -> pa.Array:
    """The words that `write_words` wrote, memory-mapped."""
    column = read_table(path).column("word").combine_chunks()
    return pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column


def write_table(path: Path, table: pa.Table) -> None:
    """An uncompressed Arrow file, which can be memory-mapped."""
    with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)


def read_table(path: Path) -> pa.Table:
    """A table that `write_table` wrote, memory-mapped."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
