"""Parquet files for `neo4j-admin database import`: a first load of tens of millions into an empty Neo4j, offline.

The tool links rows by id and checks nothing else, so what a store does on the way in is done here: a node comes once
however many bundles hold it, so does a relationship that belongs to no run, and both ends of each must be there.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import NODES, SCHEMA_VERSION, Node, Relationship, StoreError, Table, arrow_schema
from ...schema.compute import pc
from . import empty
from .facts import by_people, keep_facts, newer
from .import_ids import Ids, keys
from .rows import checked, first_of_each

TYPES = {
    "string": "string",
    "int": "long",
    "float": "double",
    "bool": "boolean",
    "strings": "string[]",
    "ints": "long[]",
    "floats": "double[]",
}
ROW_GROUP = 65_536
"""Rows the tool's threads take at a time."""

SCRIPT = """\
#!/bin/sh
# Imports these files into an empty Neo4j 5.26 or newer, on the server's own machine and with the database stopped.
# More options may follow, such as --overwrite-destination to replace a database that is there.
cd "$(dirname "$0")" && exec {command} "$@"
"""


@dataclass(frozen=True, repr=False)
class ImportPlan(Record):
    """What was written, and how it is imported."""

    folder: Path
    rows: int
    """Nodes and relationships, after double ones were left out."""
    counts: dict[str, int]
    """Rows by table."""
    arguments: tuple[str, ...]
    """What neo4j-admin is called with, in `folder`."""

    @property
    def command(self) -> str:
        """The command line, one file a line; `import.sh` in the folder runs it too."""
        words = [shlex.quote(word) for word in ("neo4j-admin", *self.arguments)]
        return " ".join(words[:6]) + "".join(f" \\\n    {word}" for word in words[6:])

    @property
    def title(self) -> str:
        """What was written."""
        return f"{self.rows:,} rows in {self.folder}"

    def sections(self) -> tuple[Section, ...]:
        """The command, as it is pasted into a shell."""
        return (Section.lines("With the database stopped, run there:", self.command.split("\n"), verbatim=True),)

    def json(self) -> dict[str, Any]:
        """With the command as one text."""
        return super().json() | {"command": self.command}


def write_import_files(
    tables: Iterable[tuple[Table, pa.Table]],
    out: Path,
    database: str = "neo4j",
    wrote: Callable[[int], None] = lambda rows: None,
) -> ImportPlan:
    """Write `tables`, in any order and any number of parts, into the new folder `out`.

    Of nodes with the same id the first stays, or they are put together where the label is `merged`; `wrote` is told
    how many of each part are new. The node that keeps the schema version is added. Memory grows with the number of
    different ids, not with the relationships. Raises StoreError when `out` holds something or cannot be written, and
    for a relationship whose end is in none of the tables; then nothing is left behind.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise StoreError(f"{out} is there already and not empty; name a new folder")
    part = out.with_name(out.name + ".part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with _Writer(part) as writer:
            for table, rows in tables:
                wrote(writer.add(table, rows))
            writer.finish()
        plan = _plan(out, writer.counts, database)
        script = part / "import.sh"
        script.write_text(SCRIPT.format(command=plan.command), encoding="utf-8")
        script.chmod(0o755)
        if out.exists():
            out.rmdir()
        part.rename(out)
    except OSError as error:
        raise StoreError(f"{out}: import files cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return plan


class _Writer:
    """One open file a table."""

    def __init__(self, folder: Path) -> None:
        self.counts: dict[str, int] = {}
        self._folder = folder
        self._files: dict[str, Any] = {}
        self._ids = Ids()
        self._merged: dict[str, dict[str, dict[str, Any]]] = {}
        self._emptied: dict[str, list[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()

    def add(self, table: Table, rows: pa.Table) -> int:
        """What a store does with the same rows: of one part the first row of a key counts, whatever the table. How
        many are new."""
        rows = checked(table, rows)
        if isinstance(table, Relationship):
            return self._relationships(table, first_of_each(rows, ["start", "end", *table.key]))
        if table.merged and table.label != "Finding":
            return self._merge(table, first_of_each(rows, ["id"]))
        if table.label == "Score":
            given = by_people(rows)
            rated = self._rate(table, first_of_each(rows.filter(given), ["id"]))
            return rated + self._nodes(table, rows.filter(pc.invert(given)))
        return self._nodes(table, rows)

    def finish(self) -> None:
        """Write the nodes that had to be put together, and look for ends that never came."""
        schema = self._merged.setdefault("Schema", {}).setdefault("schema", {"id": "schema"})
        schema.setdefault("version", SCHEMA_VERSION)
        for label, nodes in self._merged.items():
            if label != "Schema":
                self._nodes(NODES[label], pa.Table.from_pylist(list(nodes.values()), arrow_schema(NODES[label])))
        self._schema_node(schema)
        self._ids.check()

    def _merge(self, node: Node, rows: pa.Table) -> int:
        kept = self._merged.setdefault(node.label, {})
        before = len(kept)
        if node.label == "Model":
            rows = keep_facts(rows, kept)
        for row in rows.to_pylist():
            kept.setdefault(row["id"], {}).update({k: v for k, v in row.items() if v is not None})
        return len(kept) - before

    def _rate(self, node: Node, rows: pa.Table) -> int:
        """Of what a person gave again the newest counts, so it is written last."""
        kept = self._merged.setdefault(node.label, {})
        before = len(kept)
        again = newer(rows, {name: row.get("revision") or 1 for name, row in kept.items()})
        for row in rows.to_pylist():
            kept.setdefault(row["id"], {k: v for k, v in row.items() if v is not None})
        for row in again.to_pylist():
            kept[row["id"]].update({k: v for k, v in row.items() if v is not None})
        return len(kept) - before

    def _nodes(self, node: Node, rows: pa.Table) -> int:
        rows = rows.filter(self._ids.new_nodes(node.label, rows.column("id")))
        self._write(node, rows)
        return int(rows.num_rows)

    def _relationships(self, rel: Relationship, rows: pa.Table) -> int:
        self._ids.need(rel, rows)
        if not rel.evidence:
            rows = rows.filter(self._ids.new_relationships(rel, keys(rows, ["start", "end", *rel.key])))
        self._write(rel, rows)
        return int(rows.num_rows)

    def _schema_node(self, schema: dict[str, Any]) -> None:
        rows = pa.Table.from_pylist([schema], arrow_schema(NODES["Schema"]))
        for name, entries in self._emptied.items():
            rows = rows.append_column(name, pa.array([entries], pa.list_(pa.string())))
        self._write(NODES["Schema"], rows)

    def _write(self, table: Table, rows: pa.Table) -> None:
        from pyarrow import parquet

        for name, entries in empty.notes(table, rows):
            self._emptied.setdefault(name, []).extend(entries)
        rows = empty.with_ids(table, rows)
        if table.name not in self._files and rows.num_rows:
            rows = rows.rename_columns(_headers(table, rows))
            self._files[table.name] = parquet.ParquetWriter(self._folder / f"{table.name}.parquet", rows.schema)
        if rows.num_rows:
            file = self._files[table.name]
            file.write_table(rows.rename_columns(file.schema.names), row_group_size=ROW_GROUP)
            self.counts[table.name] = self.counts.get(table.name, 0) + rows.num_rows


def _headers(table: Table, rows: pa.Table) -> list[str]:
    """The column names as neo4j-admin reads them: `id:ID(Neuron)`, `layer:long`, `:START_ID(Neuron)`."""
    kinds = {p.name: TYPES[p.kind] for p in table.columns}
    found = [f"{name}:{kinds.get(name, 'string[]')}" for name in rows.column_names]
    if isinstance(table, Node):
        found[rows.column_names.index("id")] = f"id:ID({table.label})"
    else:
        found[:2] = [f":START_ID({table.start})", f":END_ID({table.end})"]
    return found


def _plan(out: Path, counts: dict[str, int], database: str) -> ImportPlan:
    arguments = ["database", "import", "full", database, "--input-type=parquet"]
    for name in counts:
        kind, _, rest = name.partition(".")
        option = f"--relationships={rest.partition('.')[0]}" if rest else f"--nodes={kind}"
        arguments.append(f"{option}={name}.parquet")
    return ImportPlan(out, sum(counts.values()), counts, tuple(arguments))
