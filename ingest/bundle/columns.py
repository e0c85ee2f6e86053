"""The columns of a bundle's file: the schema version they are of goes with them, so that older ones can be read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from ...schema import SCHEMA_VERSION, VersionError, arrow_schema, bundle_table
from ...schema.errors import BundleError
from ...schema.ladder import FIRST, upgraded
from .layout import known_version

STAMP = b"neuronkb.schema"
"""Name of the schema version among a Parquet file's own facts. A bundle that was begun by an older release and finished
by this one has files of both. The first version wrote none."""


def stamped(rows: pa.Table) -> pa.Table:
    """Rows that say which schema version they are of, once they are a Parquet file."""
    return rows.replace_schema_metadata({STAMP: str(SCHEMA_VERSION).encode()})


def version_of(path: Path, rows: pa.Table) -> int:
    """The schema version that a file's rows say they are of. Raises VersionError for one that is not known."""
    said = (rows.schema.metadata or {}).get(STAMP, str(FIRST).encode())
    if not said.isdigit() or len(said) > 9:
        raise VersionError(f"{path}: schema version {said[:30]!r} is not a number; make the bundle again")
    return known_version(path, int(said))


def as_now(path: Path, table: str, rows: pa.Table, beside: Callable[[str], pa.Table | None]) -> pa.Table:
    """A file's rows as this release has them, columns by name; `beside` gives other tables of its shard, as written.

    Absent columns stay absent: they are null where the ontology lets them be. Raises BundleError for a column that
    neither this version nor the file's own has, VersionError.
    """
    rows = upgraded(table, rows, version_of(path, rows), beside)
    known = arrow_schema(bundle_table(table)).names
    unknown = [name for name in rows.column_names if name not in known]
    if unknown or len(set(rows.column_names)) < rows.num_columns:
        wrong = unknown[0] if unknown else "one of them twice"
        raise BundleError(f"{path}: unknown column {wrong!r}; expected some of {', '.join(known)}")
    return rows
