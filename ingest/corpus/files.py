"""One file of texts, read by what its name says it holds, and the files of a data set that was saved to disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...schema import CorpusError
from ...schema.outside import Unreadable, parse_json, read_bytes
from .document import Item
from .fields import Fields
from .packed import seekable, unpacked
from .readers import jsonl_items, stream_items, text_items
from .tables import arrow_items, csv_items, parquet_items

LINES, TABLES = (".jsonl", ".ndjson"), (".parquet", ".pq")
ARROW, CELLS = (".arrow", ".feather"), (".csv", ".tsv", ".tab")
ENDINGS = (".txt", ".md", ".json", *LINES, *TABLES, *ARROW, *CELLS)
"""A name that ends so was meant as a file, never as a dataset."""
_STATE, _DICT = "state.json", "dataset_dict.json"
_MOST = 2**24
"""Bytes of one of those."""


def file_items(path: Path, name: str, kind: str, fields: Fields) -> Iterator[Item]:
    """The documents of a file of a `kind`, such as `.csv`. Raises OSError where it cannot be opened, and CorpusError
    naming it where it is damaged."""
    if kind in (*TABLES, *ARROW):
        with seekable(path, name) as file:
            yield from (parquet_items if kind in TABLES else arrow_items)(file, name, fields)
        return
    with unpacked(path, name) as stream:
        if kind in LINES:
            yield from jsonl_items(stream, name, fields)
        elif kind in CELLS:
            yield from csv_items(stream, name, fields, tabs=kind != ".csv")
        elif kind == ".json":
            yield from stream_items(stream, name, fields)
        else:
            yield from text_items(stream, name)


def saved_files(folder: Path, split: str) -> list[Path]:
    """The Arrow files of a data set in their order, where a folder is one that Hugging Face's `save_to_disk` wrote; of
    several splits those of `split`. Raises CorpusError where they cannot be told."""
    if (folder / _DICT).is_file():
        splits = [str(name) for name in _listed(folder / _DICT, "splits")]
        if split not in splits:
            raise CorpusError(
                f"data set {str(folder)!r} has no split {split!r}; expected one of {', '.join(splits)} (--split NAME)"
            )
        folder = folder / split
    if not (folder / _STATE).is_file() or not (folder / "dataset_info.json").is_file():
        return []
    names = [each.get("filename") for each in _listed(folder / _STATE, "_data_files") if isinstance(each, dict)]
    # A name from outside must not lead out of the folder.
    found = [folder / name for name in names if isinstance(name, str) and Path(name).name == name]
    if not found or len(found) < len(names) or not all(map(_is_file, found)):
        raise CorpusError(f"data set {str(folder)!r} is damaged: files that {_STATE} names cannot be found")
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _listed(path: Path, key: str) -> list[object]:
    try:
        found = parse_json(read_bytes(path, _MOST))
    except (OSError, Unreadable) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); save the data set again") from None
    listed = found.get(key) if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise CorpusError(f"{path}: has no list {key!r}; save the data set again")
    return listed
