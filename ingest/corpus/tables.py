"""Reads documents out of tables: CSV, TSV, Parquet, Arrow."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from ...schema import CorpusError
from .document import LIMIT, Item, Skipped
from .fields import Fields
from .readers import BOM

_ROWS = 256
"""Rows of Parquet or Arrow held as Python objects at a time."""
_MARKS = (",", ";", "\t")


def csv_items(stream: BinaryIO, name: str, fields: Fields, tabs: bool = False) -> Iterator[Item]:
    """A document a row: the cell of the text's column, with that of the ids' where there is one. The first row holds
    the columns' names; cells with a mark, a quote or a line end stand in quotes.

    Raises CorpusError: no such column, a line too long, a quote that is never closed.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LIMIT))
    lines = _text_lines(stream, name)
    first, line = next(lines, ""), 1
    since: list[str] = []
    own: list[str] = []
    try:
        mark = "\t" if tabs else _mark(first, fields)
        rows = csv.reader(_kept(chain([first], lines), since), delimiter=mark)
        names, line = next(rows, []), rows.line_num + 1
        text, given = fields.columns(names, name)
        places = names.index(text), None if given is None else names.index(given)
        number, since[:] = 0, []
        for row in rows:
            line = rows.line_num + 1
            if row:
                number += 1
                yield _cells(row, len(names), places, fields, f"{name}:{number}")
            own, since[:] = list(since), []
        if _open("".join(own), mark):
            raise CorpusError(f"{name}: a quote that is opened in line {line - len(own)} or behind is never closed")
    except csv.Error as error:
        raise CorpusError(f"{name}: cannot be read as CSV from line {line} on ({error})") from None


def parquet_items(file: BinaryIO, name: str, fields: Fields) -> Iterator[Item]:
    """A document a row: the text's column, with the ids' where there is one; row group by row group.

    Raises CorpusError: not Parquet, damaged, no such column, or a column of another type than text.
    """
    try:
        with pq.ParquetFile(file, pre_buffer=False) as found:
            columns = _columns(found.schema_arrow, name, fields)
            batches = found.iter_batches(batch_size=_ROWS, columns=[c for c in columns if c is not None])
            yield from _batch_items(batches, columns, name, fields)
    except (pa.ArrowException, MemoryError, UnicodeDecodeError) as error:
        # Sizes may be made up. A name in the schema that is no UTF-8 is Python's error, not Arrow's.
        raise CorpusError(f"{name}: cannot be read as Parquet ({_first_line(error)}); make it again") from None


def arrow_items(file: BinaryIO, name: str, fields: Fields) -> Iterator[Item]:
    """The same of an Arrow file, or stream as Hugging Face's data sets write it; record batch by record batch."""
    try:
        with _arrow(file) as found:
            columns = _columns(found.schema, name, fields)
            yield from _batch_items(_batches(found), columns, name, fields)
    except (pa.ArrowException, MemoryError, UnicodeDecodeError, OSError) as error:
        raise CorpusError(f"{name}: cannot be read as Arrow ({_first_line(error)}); make it again") from None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it is damaged"])[0]


def _text_lines(stream: BinaryIO, name: str) -> Iterator[str]:
    """Lines with their ends; a byte that is no UTF-8 stands in them as half a character. Raises CorpusError."""
    number, line = 1, stream.readline(LIMIT + 1).removeprefix(BOM)
    while line:
        if len(line) > LIMIT:
            raise CorpusError(f"{name}: line {number} is longer than {LIMIT >> 20} MiB; split it")
        yield line.decode("utf-8", "surrogateescape")
        number, line = number + 1, stream.readline(LIMIT + 1)


def _kept(lines: Iterator[str], kept: list[str]) -> Iterator[str]:
    """The lines, each kept until the row that it is of is done."""
    for line in lines:
        kept.append(line)
        yield line


def _open(row: str, mark: str) -> bool:
    """Whether a quote is still open where the text ends: the reader takes that for the row's end."""
    try:
        next(csv.reader([row], delimiter=mark, strict=True), None)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _mark(first: str, fields: Fields) -> str:
    """What stands between the cells: the first mark that makes the text's column one of the first line's."""
    heads = ((mark, next(csv.reader([first], delimiter=mark), [])) for mark in _MARKS)
    return next((mark for mark, names in heads if fields.text_of(names) is not None), ",")


def _cells(row: list[str], n: int, places: tuple[int, int | None], fields: Fields, where: str) -> Item:
    if len(row) != n:
        return Skipped(where, f"has {len(row)} cells, expected {n}; a cell with a mark or a line end stands in quotes")
    text, given = places
    data = row[text].encode("utf-8", "surrogateescape")
    return fields.document(data, None if given is None else row[given], where)


def _columns(schema: pa.Schema, name: str, fields: Fields) -> tuple[str, str | None]:
    text, given = fields.columns(schema.names, name)
    kind = schema.field(text).type
    if not (_is_text(kind) or _is_chat(kind)):
        raise CorpusError(f"{name}: column {text!r} is {kind}, expected text; name the column that holds the text")
    return text, given


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return value in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.string_view())


def _is_chat(kind: pa.DataType) -> bool:
    return bool((pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type))


def _arrow(file: BinaryIO) -> Any:
    try:
        return pa.ipc.open_stream(file)
    except pa.ArrowInvalid:
        file.seek(0)
        return pa.ipc.open_file(file)


def _batches(found: Any) -> Iterator[pa.RecordBatch]:
    streamed = isinstance(found, pa.RecordBatchStreamReader)
    for batch in found if streamed else map(found.get_batch, range(found.num_record_batches)):
        batch.validate(full=True)  # offsets that lie lead anywhere in memory
        for start in range(0, batch.num_rows, _ROWS):
            yield batch.slice(start, _ROWS)


def _batch_items(
    batches: Iterator[pa.RecordBatch], columns: tuple[str, str | None], name: str, fields: Fields
) -> Iterator[Item]:
    number = 0
    for batch in batches:
        texts, ids = (None if column is None else _values(batch.column(column)) for column in columns)
        for place, text in enumerate(texts or ()):
            number += 1
            yield fields.document(text, None if ids is None else ids[place], f"{name}:{number}")


def _values(column: pa.Array) -> list[Any]:
    """A column's values; text as bytes, since Parquet does not promise that it is UTF-8."""
    if not _is_text(column.type):
        return list(column.to_pylist())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return list(column.cast(pa.large_binary()).to_pylist())
