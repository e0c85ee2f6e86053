"""What leads from one schema version to the next: data and functions over rows, for bundles and stores alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ..arrow import TYPES
from ..property import Property

Rows = Callable[[pa.Table], pa.Table]
Parameters = Callable[[str, str | None, Mapping[str, Any]], dict[str, Any]]
"""(job, the hash of its model's tokenizer, a run's parameters as they were) -> as this version names them."""


@dataclass(frozen=True)
class Rewrite:
    """Properties of one table that the version holds in another form, or no more.

    A property keeps its name only where its meaning stays: that a row still has one of `before` is how a migration that
    was cut off knows what is left to do.
    """

    table: str
    before: tuple[Property, ...]
    """as the version before had them; the new version has none of these"""
    after: tuple[Property, ...] = ()
    """what stands in their place"""
    rows: Rows | None = None
    """the columns `before` -> the columns `after`, row for row; None where the properties only go"""

    def __call__(self, rows: pa.Table) -> pa.Table:
        """The rows with the new properties in place of the old; other columns stay."""
        found = self.changed(rows)
        kept = rows.drop_columns([p.name for p in self.before if p.name in rows.column_names])
        for name in found.column_names:
            kept = kept.append_column(name, found.column(name))
        return kept

    def changed(self, rows: pa.Table) -> pa.Table:
        """The columns `after` of some rows. A column that is not there counts as null."""
        schema = pa.schema([pa.field(p.name, TYPES[p.kind]) for p in self.before])
        columns = [_column(rows, field) for field in schema]
        found = pa.table({}) if self.rows is None else self.rows(pa.table(columns, schema=schema))
        wanted = pa.schema([pa.field(p.name, TYPES[p.kind]) for p in self.after])
        return found.select(wanted.names).cast(wanted) if wanted.names else pa.table({})


@dataclass(frozen=True)
class Fill:
    """A property that follows from others of the row or from rows of other tables, and may take their place."""

    table: str
    needs: tuple[str, ...]
    """those tables"""
    rows: Callable[[pa.Table, Mapping[str, pa.Table]], pa.Table]
    """the table's rows, and by name those tables of the same shard that are there -> the rows with the property"""
    cypher: str = ""
    """the same in a store, for the nodes whose ids are `$ids`, or for relationships that start at them; done twice, it
    changes nothing more. Empty where one statement cannot do it: then `kb/stores/migration.py` says what does"""
    batch: int = 1_000
    """how many ids a statement takes"""


@dataclass(frozen=True)
class Step:
    """All that a version changed."""

    version: int
    """the version it leads to"""
    rewrites: tuple[Rewrite, ...] = ()
    fills: tuple[Fill, ...] = ()
    """after all rewrites"""
    parameters: Parameters = lambda job, tokenizer, held: dict(held)


def _column(rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    if field.name not in rows.column_names:
        return pa.nulls(rows.num_rows, field.type)
    return rows.column(field.name).cast(field.type)
