"""Documents of files, folders, streams and datasets, in an order that does not change."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ...schema import CorpusError
from .document import Document, Item, Skipped
from .hub import dataset_items, is_dataset_id, load_dataset
from .readers import jsonl_items, parquet_items, stream_items, text_items
from .stream import Stream

STDIN = "-"
FILES = (".txt", ".md", ".json", ".jsonl", ".ndjson", ".parquet", ".pq")
"""A name that ends so was meant as a file, never as a dataset."""
KEPT = 100
"""Reasons kept of documents that were skipped; all of them are counted."""


@dataclass(frozen=True)
class Source:
    """One file, stream or dataset."""

    name: str
    """What its documents' ids begin with: a file's name, or its path from the folder that was given"""
    size: int
    """bytes; 0 where unknown"""
    read: Callable[[], Iterator[Item]]
    content: Callable[[Path], str]
    """what tells its text from another of the same name: a hash of a file or stream, a dataset's name; a stream is kept
    in the folder given, since it can be read once only"""


class Documents:
    """Documents of all sources in turn, for one pass; `skipped` and `n_skipped` tell what could not be read."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.size = sum(source.size for source in sources)
        """bytes to read, as far as they are known"""
        self.position = 0
        """about how many of them have been read"""
        self.skipped: list[str] = []
        """`file:line why`, of the first hundred"""
        self.n_skipped = 0

    def __iter__(self) -> Iterator[Document]:
        self.position, self.skipped, self.n_skipped = 0, [], 0
        for source in self.sources:
            end = self.position + source.size
            for item in source.read():
                if isinstance(item, Skipped):
                    self.skip(item.where, item.why)
                else:
                    self.position = min(end, self.position + len(item.text))
                    yield item
            self.position = end

    def contents(self, scratch: Path) -> list[tuple[str, str]]:
        """Name and content of each source; streams are kept in the folder `scratch` until they are read."""
        return [(source.name, source.content(scratch)) for source in self.sources]

    def skip(self, where: str, why: str) -> None:
        """Count a document that could not be read."""
        self.n_skipped += 1
        if len(self.skipped) < KEPT:
            self.skipped.append(f"{where} {why}")


def read_documents(
    sources: str | Path | Iterable[str | Path],
    *,
    field: str = "text",
    split: str = "train",
    stdin: BinaryIO | None = None,
) -> Documents:
    """The documents of text files, folders, JSONL, Parquet, `-` (standard input) and Hugging Face dataset ids.

    `.jsonl`, `.ndjson` and `.parquet` hold a document a row in `field`, with its id in `id` or else named by file and
    row; `.json` and standard input hold JSON lines or, where the first line is none with `field`, one document; any
    other file is one document. A folder's files are read in the order of their paths; names that begin with a dot
    are left out. `split` is a dataset's. What is no UTF-8 text, null, or larger than 16 MiB is skipped and counted.

    Raises CorpusError: a source that is not there, twice standard input, or a dataset without its package.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    if not given:
        raise CorpusError("no texts were given; expected files, folders, '-' or a dataset id OWNER/NAME")
    if sum(source == STDIN for source in given) > 1:
        raise CorpusError("standard input '-' was given twice; it can be read once")
    found: list[Source] = []
    for source in given:
        found += _sources(source, field, split, stdin)
    return Documents(found)


def _sources(source: str | Path, field: str, split: str, stdin: BinaryIO | None) -> list[Source]:
    if source == STDIN:
        stream = Stream("stdin", field, lambda: nullcontext(stdin or sys.stdin.buffer))
        return [Source("stdin", 0, stream.items, stream.content)]
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path, field)
    if path.exists():
        return [_file(path, path.name, field, inside=False)]
    if isinstance(source, str) and is_dataset_id(source) and path.suffix.lower() not in FILES:
        read = partial(dataset_items, load_dataset(source), source, field, split)
        return [Source(source, 0, read, lambda scratch: source)]
    raise CorpusError(f"no file or folder {str(source)!r}; expected one, '-' or a dataset id OWNER/NAME")


def _folder(folder: Path, field: str) -> list[Source]:
    root = folder.resolve()
    paths = [Path(at) / name for at, _, names in _walk(root) for name in names if not name.startswith(".")]
    files = sorted((path for path in paths if path.is_file()), key=lambda path: path.relative_to(root).parts)
    if not files:
        raise CorpusError(f"folder {str(folder)!r} holds no files; expected texts, JSONL or Parquet")
    return [_file(path, path.relative_to(root.parent).as_posix(), field, inside=True) for path in files]


def _walk(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    def refuse(error: OSError) -> None:
        raise CorpusError(f"folder {error.filename!r} cannot be read ({error.strerror})")

    for at, folders, names in os.walk(root, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield at, folders, names


def _file(path: Path, name: str, field: str, inside: bool) -> Source:
    # A name that is no UTF-8 must not become an id that cannot be written.
    printable = os.fsencode(name).decode(errors="replace")
    if not path.is_file():  # a named pipe: what it holds is gone once it is read
        stream = Stream(printable, field, lambda: path.open("rb"))
        return Source(printable, 0, stream.items, stream.content)
    return Source(
        printable, path.stat().st_size, partial(_read, path, printable, field, inside), lambda scratch: _sum(path)
    )


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"


def _read(path: Path, name: str, field: str, inside: bool) -> Iterator[Item]:
    """Items of one file. One that cannot be opened is skipped inside a folder, and an error where it was asked for."""
    try:
        kind = path.suffix.lower()
        if kind in (".parquet", ".pq"):
            yield from parquet_items(path, name, field)
            return
        with path.open("rb") as stream:
            if kind in (".jsonl", ".ndjson"):
                yield from jsonl_items(stream, name, field)
            elif kind == ".json":
                yield from stream_items(stream, name, field)
            else:
                yield from text_items(stream, name)
    except OSError as error:
        if not inside:
            raise CorpusError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None
        yield Skipped(name, f"cannot be read ({error.strerror or error})")
