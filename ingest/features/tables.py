"""Texts with a class each: rows of JSON lines, Parquet or a dataset, or a folder with a folder a class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...schema import FeatureError
from ...schema.secrets import reason
from ..corpus import read_documents
from ..corpus.document import LIMIT
from ..corpus.hub import is_dataset_id, load_dataset
from .installed import paragraphs
from .reader import parse_line

ROWS = 200_000
"""Rows looked at."""
PER_CLASS = 150
"""Texts taken of a class."""
SIZE = 700
"""Characters taken of a text."""
LABELS = ("label", "language", "lang", "source", "meta.pile_set_name", "category")
"""Columns that hold the class, the first that is there, unless one is named."""


@dataclass(frozen=True)
class Columns:
    """Where a row has what; a name with a dot is inside an object."""

    text: str = "text"
    label: str | None = None
    group: str = "group"
    """texts of one group stay on one side of a split; the row's number where there is no such column"""
    split: str = "train"
    """of a dataset"""


@dataclass(frozen=True)
class Classed:
    """A text and its class."""

    label: str
    group: str
    text: str


def read_classes(source: str | Path, columns: Columns) -> list[Classed]:
    """Up to PER_CLASS texts of each class. Raises FeatureError: nothing there, no such column, one class only."""
    path = Path(source).expanduser()
    found = _folders(path) if path.is_dir() else _rows(source, path, columns)
    taken: Counter[str] = Counter()
    held = []
    for one in found:
        if taken[one.label] < PER_CLASS and one.text.strip():
            taken[one.label] += 1
            held.append(one)
    if len(taken) < 2:
        raise FeatureError(f"{str(source)!r} has {len(taken)} classes, expected two or more")
    return held


def _folders(root: Path) -> Iterator[Classed]:
    folders = sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    for folder in folders:
        for document in read_documents(folder):
            yield Classed(folder.name, document.id, _piece(document.text))


def _piece(text: str) -> str:
    """The beginning of a text, cut between sentences."""
    return next(paragraphs(text[: 4 * SIZE], SIZE), "")[: 2 * SIZE]


def _rows(source: str | Path, path: Path, columns: Columns) -> Iterator[Classed]:
    for number, row in enumerate(_objects(source, path, columns), 1):
        if number > ROWS:
            return
        where = f"{path.name}:{number}"
        text, label = _value(row, columns.text), _label(row, columns.label, where)
        if not isinstance(text, str):
            raise FeatureError(f"{where}: no text in {columns.text!r}; it has {', '.join(row)}: name the text's column")
        group = _value(row, columns.group)
        yield Classed(label, where if group is None else str(group), _piece(text))


def _objects(source: str | Path, path: Path, columns: Columns) -> Iterator[Mapping[str, Any]]:
    kind = path.suffix.lower()
    if kind in (".jsonl", ".ndjson"):
        return _json_lines(path)
    if kind in (".parquet", ".pq"):
        return _parquet(path)
    if isinstance(source, str) and is_dataset_id(source) and not path.exists():
        return _dataset(source, columns.split)
    raise FeatureError(
        f"{str(source)!r} is no source of texts with classes; expected .jsonl, .parquet, a folder with a folder a "
        "class, or a dataset id OWNER/NAME"
    )


def _json_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(iter(lambda: stream.readline(LIMIT + 1), b""), 1):
                yield parse_line(path, number, line)
    except OSError as error:
        raise FeatureError(f"{str(path)!r} cannot be read ({error.strerror or error})") from None


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=256):
                yield from batch.to_pylist()
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise FeatureError(f"{str(path)!r} cannot be read as Parquet ({str(error).splitlines()[0]})") from None


def _dataset(source: str, split: str) -> Iterator[Mapping[str, Any]]:
    name, _, configuration = source.partition(":")
    try:
        yield from load_dataset(source)(name, configuration or None, split=split, streaming=True)
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise FeatureError(f"dataset {source!r}, split {split!r}: {reason(error)}") from None


def _label(row: Mapping[str, Any], name: str | None, where: str) -> str:
    for column in [name] if name else LABELS:
        found = _value(row, column)
        if found is not None and not isinstance(found, dict | list):
            return str(found)
    asked: Sequence[str] = [name] if name else LABELS
    raise FeatureError(f"{where}: no class in {', '.join(asked)}; it has {', '.join(row)}: name the class's column")


def _value(row: Mapping[str, Any], name: str) -> Any:
    found: Any = row
    for key in name.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
