"""Rows on their way into a store: what no store can hold is refused, the rest is cut into batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ...schema import SchemaError, Table, conform
from ...schema.compute import pc


def checked(table: Table, rows: pa.Table) -> pa.Table:
    """`rows` in the table's own columns.

    Raises SchemaError for rows that do not conform, for NaN and infinite floats (no JSON number; a missing value
    is null), and for nulls inside lists (no property of Neo4j's may hold one).
    """
    rows = conform(table, rows)
    for name in rows.column_names:
        column = rows.column(name)
        if pa.types.is_list(column.type):
            column = pc.list_flatten(column)
            if column.null_count:
                raise SchemaError(f"{table.name}.{name}: a list holds a null; leave the value out or give a number")
        if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column), min_count=0).as_py():
            raise SchemaError(f"{table.name}.{name}: NaN or infinite value; expected a finite number or null")
    return rows


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
