"""Rows on their way into a store: what no store can hold is refused, the rest is cut into batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ...schema import SchemaError, checked


def batches(rows: pa.Table, size: int) -> Iterator[pa.Table]:
    """Slices of at most `size` rows."""
    for start in range(0, rows.num_rows, size):
        yield rows.slice(start, size)


def columns(rows: pa.Table) -> dict[str, list[Any]]:
    """The parameters `$c0`, `$c1`, ... of a load statement: one list a column."""
    return {f"c{i}": column.to_pylist() for i, column in enumerate(rows.columns)}


def first_of_each(rows: pa.Table, key: list[str]) -> pa.Table:
    """The first row of each key, in order."""
    numbered = rows.select(key).append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    firsts = numbered.group_by(key, use_threads=False).aggregate([("row", "min")]).column("row_min")
    return rows if len(firsts) == rows.num_rows else rows.take(firsts.sort())


def missing_rows(rows: pa.Table, known: pa.Table, key: list[str]) -> pa.Table:
    """The rows whose key is not among `known`, in order."""
    if not known.num_rows:
        return rows
    if set(known.column_names) != set(key):
        raise SchemaError(f"expected the columns {key}, found {known.column_names}")
    numbered = rows.select(key).append_column("row", pa.array(range(rows.num_rows), pa.int64()))
    left = numbered.join(known.select(key), keys=key, join_type="left anti")
    return rows.take(left.column("row").sort())


__all__ = ["batches", "checked", "columns", "first_of_each", "missing_rows"]
