"""Documents of files, folders, streams and datasets, in an order that does not change."""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from ...schema import CorpusError
from .document import Dialogue, Document, Item, RoleRuns, Skipped, make_document
from .fields import Fields
from .files import ENDINGS, file_items, saved_files
from .hub import dataset_items, is_dataset_id, load_dataset
from .packed import kind_of
from .stream import Stream

STDIN = "-"
Chat = Callable[[Sequence[Mapping[str, Any]]], str]
"""Writes messages, each with `role` and `content`, as the text that a model reads. Raises ValueError saying why not."""
KEPT = 100
"""Reasons kept of documents that were skipped; all of them are counted."""
NAMED = 3
"""Sources that a corpus's name names."""


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
    inside: bool = False
    """whether it is one of a folder's files"""


class Documents:
    """Documents of all sources in turn, for one pass; `skipped` and `n_skipped` tell what could not be read, and
    `passed_over` which files of folders gave no document, by kind."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.size = sum(source.size for source in sources)
        """bytes to read, as far as they are known"""
        self.position = 0
        """about how many of them have been read"""
        self.skipped: list[str] = []
        """`file:line why`, of the first hundred"""
        self.n_skipped = 0
        self.chat: Chat | None = None
        """writes chats as texts; without it they are skipped. Corpus.build sets the tokenizer's"""
        self.roles: Callable[[Sequence[Mapping[str, Any]], str], RoleRuns] | None = None
        """tells the roles along the text of messages; without it documents have none. Corpus.build sets it if asked"""
        self.passed_over: Counter[str] = Counter()
        """files of folders without a document, by the ending of their names"""

    @property
    def name(self) -> str:
        """What its sources are called: files, folders, data sets; of many the first few."""
        called = list(
            dict.fromkeys(one.name.partition("/")[0] + "/" if one.inside else one.name for one in self.sources)
        )
        more = f" and {len(called) - NAMED} more" if len(called) > NAMED else ""
        return ", ".join(called[:NAMED]) + more

    def __iter__(self) -> Iterator[Document]:
        self.position, self.skipped, self.n_skipped = 0, [], 0
        self.passed_over = Counter()
        for source in self.sources:
            end, any_read = self.position + source.size, False
            for item in map(self._written, source.read()):
                if isinstance(item, Skipped):
                    self.skip(item.where, item.why)
                else:
                    any_read = True
                    self.position = min(end, self.position + len(item.text))
                    yield item
            self.position = end
            if source.inside and not any_read:
                self.passed_over[kind_of(Path(source.name)) or "no ending"] += 1

    def _written(self, item: Item) -> Document | Skipped:
        """A chat as a document."""
        if not isinstance(item, Dialogue):
            return item
        if self.chat is None:
            return Skipped(item.where, "its text is a list of messages; a model's chat template is needed to read it")
        try:
            made = make_document(self.chat(item.turns), item.id, item.where)
        except ValueError as error:
            return Skipped(item.where, f"its messages do not fit the chat template: {error}")
        if self.roles is None or isinstance(made, Skipped):
            return made
        return replace(made, roles=self.roles(item.turns, made.text))

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
    field: str | None = None,
    id: str | None = None,
    split: str = "train",
    stdin: BinaryIO | None = None,
) -> Documents:
    """The documents of text files, folders, tables, `-` (standard input) and Hugging Face data sets, on disk or by id.

    JSON lines, JSON arrays, CSV, TSV, Parquet and Arrow hold a document a row in `field` (`text`, or where there is
    none the messages of a chat in `messages`), with its id in `id` (`id`, where there is one) or else named by file and
    row. `.json` and standard input hold a JSON array, JSON lines or one document; any other file is one document. What
    ends in .gz or .zst is unpacked. A folder's files are read in the order of their paths; names that begin with a dot
    are left out. `split` is a data set's. A chat is written as text by the model that it is for
    (Documents.chat). What is no UTF-8 text, null,
    or larger than 16 MiB is skipped and counted.

    Raises CorpusError: a source that is not there, twice standard input, or a dataset without its package; and, while
    they are read, for files that are damaged or have no such column.
    """
    given = [sources] if isinstance(sources, str | Path) else list(sources)
    if not given:
        raise CorpusError("no texts were given; expected files, folders, '-' or a dataset id OWNER/NAME")
    if sum(source == STDIN for source in given) > 1:
        raise CorpusError("standard input '-' was given twice; it can be read once")
    fields = Fields(field, id)
    found: list[Source] = []
    for source in given:
        found += _sources(source, fields, split, stdin)
    return Documents(found)


def _sources(source: str | Path, fields: Fields, split: str, stdin: BinaryIO | None) -> list[Source]:
    if source == STDIN:
        stream = Stream("stdin", fields, lambda: nullcontext(stdin or sys.stdin.buffer))
        return [Source("stdin", 0, stream.items, stream.content)]
    path = Path(source).expanduser()
    if path.is_dir():
        return _folder(path, fields, split)
    if path.exists():
        return [_file(path, path.name, fields, inside=False)]
    if isinstance(source, str) and is_dataset_id(source) and kind_of(path) not in ENDINGS:
        read = partial(dataset_items, load_dataset(source), source, fields, split)
        return [Source(source, 0, read, lambda scratch: source)]
    raise CorpusError(f"no file or folder {str(source)!r}; expected one, '-' or a dataset id OWNER/NAME")


def _folder(folder: Path, fields: Fields, split: str) -> list[Source]:
    root = folder.resolve()
    saved = saved_files(root, split)
    paths = saved or [Path(at) / name for at, _, names in _walk(root) for name in names if not name.startswith(".")]
    files = [path for path in paths if path.is_file()]
    if not saved:
        files.sort(key=lambda path: path.relative_to(root).parts)
    if not files:
        raise CorpusError(f"folder {str(folder)!r} holds no files; expected texts or tables")
    return [
        _file(path, path.relative_to(root.parent).as_posix(), fields, inside=True, arrow=bool(saved)) for path in files
    ]


def _walk(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    def refuse(error: OSError) -> None:
        raise CorpusError(f"folder {error.filename!r} cannot be read ({error.strerror})")

    for at, folders, names in os.walk(root, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield at, folders, names


def _file(path: Path, name: str, fields: Fields, inside: bool, arrow: bool = False) -> Source:
    # A name that is no UTF-8 must not become an id that cannot be written.
    printable = os.fsencode(name).decode(errors="replace")
    if not path.is_file():  # a named pipe: what it holds is gone once it is read
        stream = Stream(printable, fields, lambda: path.open("rb"))
        return Source(printable, 0, stream.items, stream.content)
    read = partial(_read, path, printable, ".arrow" if arrow else kind_of(path), fields, inside)
    return Source(printable, path.stat().st_size, read, lambda scratch: _sum(path), inside)


def _sum(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"


def _read(path: Path, name: str, kind: str, fields: Fields, inside: bool) -> Iterator[Item]:
    """Items of one file. One that cannot be opened is skipped inside a folder, and an error where it was asked for."""
    try:
        yield from file_items(path, name, kind, fields)
    except OSError as error:
        if not inside:
            raise CorpusError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None
        yield Skipped(name, f"cannot be read ({error.strerror or error})")
