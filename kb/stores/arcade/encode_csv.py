"""Relationships as the bulk endpoint's CSV: less than half the bytes of JSON, and far less for the server to parse.

The endpoint tells a value's type from its text alone, so only tables whose text cannot be taken for anything else go
this way. It first reads what has 18 characters or fewer as an integer, and a float refused there costs it more than all
the rest of the row: so floats are written with 19 or more.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from ....schema import Relationship
from ....schema.compute import pc
from .encode import WHOLE, bytes_of, merged

KIND = "text/csv"
REQUEST_BYTES = 80 << 20
"""What one request holds at most; the server refuses bodies over 100 MB."""
REQUEST_ROWS = 250_000

_WORD = r"^[A-Za-z_][A-Za-z0-9_ .:/-]*$"
_TAKEN = r"(?i)^(true|false|null)$"
_WIDTH = 19
_LONGEST = 24 + _WIDTH
"""Characters of a number: 17 digits, sign, point, exponent and its zeros."""
_LARGEST = 10**17
"""Integers of more digits would be read as text."""


def fits(rows: pa.Table) -> bool:
    """Whether every value of the columns but `start` and `end` reads back as what it is."""
    return all(_fits(column) for column in rows.drop_columns(["start", "end"]).columns)


def _fits(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_boolean(kind):
        return True
    if pa.types.is_integer(kind):
        ends = pc.min_max(column).as_py()
        return ends["min"] is None or (ends["min"] > -_LARGEST and ends["max"] < _LARGEST)
    if not pa.types.is_string(kind):
        return False
    words = pc.drop_null(pc.unique(column))
    good = pc.and_not(pc.match_substring_regex(words, _WORD), pc.match_substring_regex(words, _TAKEN))
    return bool(pc.all(good, min_count=0).as_py())


def csv_requests(
    rel: Relationship, rows: pa.Table, starts: pa.Array, ends: pa.Array
) -> Iterator[tuple[int, memoryview]]:
    """Row count and body of each request that creates the relationships between these record ids."""
    rows = rows.drop_columns(["start", "end"])
    each = 48 + _LONGEST * rows.num_columns + rows.nbytes // max(1, rows.num_rows)
    size = max(1, min(REQUEST_ROWS, REQUEST_BYTES // each))
    for first in range(0, rows.num_rows, size):
        part = rows.slice(first, size)
        count = part.num_rows
        names, pieces = [], [f"e,{rel.type},", starts.slice(first, count), ",", ends.slice(first, count)]
        for name, column in zip(part.column_names, part.columns, strict=True):
            if column.null_count < count:
                names.append(name)
                pieces += [",", pc.fill_null(_text(column.combine_chunks()), "")]
        head = ",".join(["@type", "@class", "@from", "@to", *names]) + "\n"
        lines = pc.binary_join_element_wise(*merged([*pieces, "\n"]), "")
        yield count, memoryview(head.encode() + bytes(bytes_of(lines)))


def _text(column: pa.Array) -> pa.Array:
    if not pa.types.is_floating(column.type):
        return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())
    text = pc.replace_substring_regex(pc.cast(column, pa.string()), WHOLE, r"\1.0")
    long = pc.replace_substring_regex(text, r"e([+-])", r"e\1" + "0" * _WIDTH)
    return pc.if_else(pc.match_substring(text, "e"), long, pc.utf8_rpad(text, _WIDTH, "0"))
