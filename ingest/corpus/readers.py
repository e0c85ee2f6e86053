"""Reads documents out of one file or stream: text, JSON lines, Parquet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ...schema import CorpusError
from ...schema.outside import Unreadable, parse_json
from .document import LIMIT, Item, Skipped, make_document

_BOM = b"\xef\xbb\xbf"
_ROWS = 256
"""Rows of Parquet held as Python objects at a time."""


def text_items(stream: BinaryIO, name: str, first: bytes = b"") -> Iterator[Item]:
    """The whole stream as one document, behind the bytes that were read `first`."""
    # One byte more than allowed, so that a longer one is seen to be longer.
    data = first + stream.read(max(0, LIMIT + len(_BOM) + 1 - len(first)))
    yield make_document(data.removeprefix(_BOM), None, name)


def jsonl_items(stream: BinaryIO, name: str, field: str, first: bytes = b"") -> Iterator[Item]:
    """A document a line: `field` of a JSON object, with its `id` where it has one. Empty lines are passed over.

    `first` is the first line where it was read already.
    """
    for number, line in _lines(stream, first):
        where = f"{name}:{number}"
        if line is None:
            yield Skipped(where, f"a line longer than {LIMIT >> 20} MiB; split it")
        elif line.strip():
            yield _from_json(line, field, where)


def stream_items(stream: BinaryIO, name: str, field: str) -> Iterator[Item]:
    """JSON lines where the first line is an object with `field`, else the whole stream as one document."""
    first = stream.readline(LIMIT + 1)
    row = _parse(first.removeprefix(_BOM))
    if isinstance(row, dict) and field in row:
        return jsonl_items(stream, name, field, first)
    return text_items(stream, name, first)


def parquet_items(path: Path, name: str, field: str) -> Iterator[Item]:
    """A document a row: column `field`, with column `id` where there is one; row group by row group.

    Raises CorpusError: not Parquet, damaged, no such column, or a column of another type than text.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            columns = _columns(file.schema_arrow, name, field)
            batches = file.iter_batches(batch_size=_ROWS, columns=columns)
            rows = chain.from_iterable(_rows(batch, columns) for batch in batches)
            for number, (text, *given) in enumerate(rows, 1):
                yield make_document(text, given[0] if given else None, f"{name}:{number}")
    except (pa.ArrowException, UnicodeDecodeError) as error:
        # A name in the schema that is no UTF-8 is Python's error, not Arrow's.
        raise CorpusError(f"{name}: cannot be read as Parquet ({str(error).splitlines()[0]}); make it again") from None


def _columns(schema: pa.Schema, name: str, field: str) -> list[str]:
    if field not in schema.names:
        raise CorpusError(
            f"{name}: no column {field!r}; name the one that holds the text, of {', '.join(schema.names)}"
        )
    found = schema.field(field).type
    if not _is_text(found):
        raise CorpusError(f"{name}: column {field!r} is {found}, expected text; name the column that holds the text")
    return [field, "id"] if "id" in schema.names and field != "id" else [field]


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return value in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def _rows(batch: pa.RecordBatch, columns: list[str]) -> Iterator[tuple[Any, ...]]:
    return zip(*(_values(batch.column(name)) for name in columns), strict=True)


def _values(column: pa.Array) -> list[Any]:
    """A column's values; text as bytes, since Parquet does not promise that it is UTF-8."""
    if not _is_text(column.type):
        return list(column.to_pylist())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return list(column.cast(pa.large_binary()).to_pylist())


def _lines(stream: BinaryIO, first: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Line numbers from 1, with the line; None stands for one longer than LIMIT, which is never held whole."""
    number, line = 1, (first or stream.readline(LIMIT + 1)).removeprefix(_BOM)
    while line:
        whole = len(line) <= LIMIT or line.endswith(b"\n")
        yield number, line if whole else None
        while line and not line.endswith(b"\n"):
            line = stream.readline(LIMIT)
        number, line = number + 1, stream.readline(LIMIT + 1)


def _parse(line: bytes) -> Any:
    """The JSON value of a line, or the reason why there is none, as a Skipped without a place."""
    try:
        # A text with half a character is told from others when it is made a document.
        return parse_json(line, halves=True)
    except Unreadable as error:
        return Skipped("", "not JSON" if error.kind in ("cut off", "not JSON") else str(error))


def _from_json(line: bytes, field: str, where: str) -> Item:
    row = _parse(line)
    if isinstance(row, Skipped):
        return Skipped(where, row.why)
    if not isinstance(row, dict):
        return Skipped(where, "not a JSON object")
    if field not in row:
        return Skipped(where, f"no field {field!r}")
    return make_document(row[field], row.get("id"), where)
