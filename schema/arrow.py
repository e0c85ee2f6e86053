"""Arrow schemas of the ontology, and the check that a table fits its own."""

from __future__ import annotations

import pyarrow as pa

from .compute import pc
from .errors import SchemaError
from .property import Kind, Matrix, Table

TYPES: dict[Kind, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "strings": pa.list_(pa.string()),
    "ints": pa.list_(pa.int64()),
    "floats": pa.list_(pa.float64()),
    "float32s": pa.list_(pa.float32()),
}


def arrow_schema(table: Table | Matrix) -> pa.Schema:
    """The Arrow schema of one bundle table: its columns in order, required ones not nullable."""
    return pa.schema([pa.field(p.name, TYPES[p.kind], nullable=not p.required) for p in table.columns])


def conform(table: Table | Matrix, data: pa.Table) -> pa.Table:
    """`data` in exactly the table's columns: reordered, cast without loss, absent optional columns null.

    Raises SchemaError for an unknown or missing column, a wrong type, or a null in a required column.
    """
    schema = arrow_schema(table)
    unknown = [name for name in data.column_names if name not in schema.names]
    if unknown:
        raise SchemaError(f"{table.name}: unknown column {unknown[0]!r}; expected {', '.join(schema.names)}")
    columns = [_column(table, data, field) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def checked(table: Table, rows: pa.Table) -> pa.Table:
    """`rows` in the table's own columns, as every store can hold them.

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


def _column(table: Table | Matrix, data: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in data.column_names:
        if not field.nullable:
            raise SchemaError(f"{table.name}: required column {field.name!r} is missing")
        return pa.nulls(data.num_rows, field.type)
    column = data.column(field.name)
    if column.type != field.type:
        try:
            column = pc.cast(column, field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise SchemaError(f"{table.name}.{field.name}: {column.type} does not fit {field.type} ({error})") from None
    if not field.nullable and column.null_count:
        raise SchemaError(f"{table.name}.{field.name}: {column.null_count} nulls in a required column")
    return column
