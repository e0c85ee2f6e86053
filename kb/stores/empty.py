"""Empty texts, which `neo4j-admin database import` drops: import files note where they were, a store puts them back.

The notes are lists on the Schema node, such as `empty_Token_text` with the ids of tokens whose text is empty.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from ...schema import TABLES, Node, Relationship, Table
from ...schema.compute import pc
from .statements import quote

EMPTY = "empty_"
STAND_IN = "neuronkb:empty-id"
"""What stands in import files for an id that is empty, which the tool refuses as an end and drops of a node."""
BATCH = 10_000

Write = Callable[[str, dict[str, Any]], Any]


def notes(table: Table, rows: pa.Table) -> Iterator[tuple[str, list[str]]]:
    """The note's name and entries for each column that holds an empty text: ids, or JSON of ends and keys."""
    for prop in table.columns if isinstance(table, Node) else table.columns[2:]:
        if prop.kind == "string":
            empty = rows.filter(pc.fill_null(pc.equal(rows.column(prop.name), ""), False))
            if empty.num_rows:
                yield _note(table, prop.name), _entries(table, empty)


def with_ids(table: Table, rows: pa.Table) -> pa.Table:
    """`rows` with the stand-in where an id is empty."""
    for name in ("id",) if isinstance(table, Node) else ("start", "end"):
        ids = rows.column(name)
        filled = pc.if_else(pc.equal(ids, ""), pa.scalar(STAND_IN), ids)
        rows = rows.set_column(rows.column_names.index(name), rows.schema.field(name), filled)
    return rows


def restore(noted: Mapping[str, Any], write: Write) -> None:
    """Put back what the Schema node's properties, `noted`, say was empty, and take the notes away."""
    for table in TABLES.values():
        for prop in table.columns:
            name = _note(table, prop.name)
            entries: list[str] = list(noted.get(name) or ())
            for start in range(0, len(entries), BATCH):
                write(_statement(table, prop.name), {"rows": _read(table, entries[start : start + BATCH])})
            if entries:
                write(f"MATCH (s:Schema {{id: 'schema'}}) REMOVE s.{quote(name)}", {})


def _note(table: Table, prop: str) -> str:
    return f"{EMPTY}{table.name.replace('.', '_')}_{prop}"


def _entries(table: Table, rows: pa.Table) -> list[str]:
    if isinstance(table, Node):
        return list(rows.column("id").to_pylist())
    columns = [rows.column(name).to_pylist() for name in ("start", "end", *table.key)]
    return [json.dumps(row) for row in zip(*columns, strict=True)]


def _read(table: Table, entries: list[str]) -> list[Any]:
    return entries if isinstance(table, Node) else [json.loads(entry) for entry in entries]


def _statement(table: Table, prop: str) -> str:
    """Cypher that puts an empty text back at each of `$rows`."""
    if isinstance(table, Relationship):
        same = "".join(f" AND coalesce(n.{quote(key)}, '') = row[{i}]" for i, key in enumerate(table.key, 2))
        ends = f"(a:{quote(table.start)} {{id: row[0]}})-[n:{quote(table.type)}]->(b:{quote(table.end)})"
        return f"UNWIND $rows AS row MATCH {ends} WHERE b.id = row[1]{same} SET n.{quote(prop)} = ''"
    if prop == "id":
        return f"UNWIND $rows AS id MATCH (n:{quote(table.label)} {{id: '{STAND_IN}'}}) SET n.id = id"
    return f"UNWIND $rows AS id MATCH (n:{quote(table.label)} {{id: id}}) SET n.{quote(prop)} = ''"
