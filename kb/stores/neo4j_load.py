"""Relationships into Neo4j: nested by start node, one list a column, several transactions at once.

A transaction writes its batch whole or not at all, and the driver runs it again only after an error that says it was
not committed. When the connection breaks while a commit is being answered nobody knows: that is raised, not tried
again, since a second CREATE would double the batch; the loader then compares the file with what the store holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

import pyarrow as pa

from ...queries.result.result import Result
from ...schema import Relationship, SchemaError
from ...schema.compute import pc
from .statements import quote

BATCH_ROWS = 4_000
BATCH_BYTES = 4 << 20
"""Arrow bytes in one transaction, for rows that hold long lists or texts."""
WORKERS = 2
"""One batch is packed while the server works on another; more wait for each other's locks."""

Write = Callable[[str, dict[str, Any]], Result]


def statement(rel: Relationship, constant: frozenset[str]) -> str:
    """Cypher that creates the rows of one batch; the columns in `constant` come as one value for all."""
    values = ", ".join(
        f"{quote(p.name)}: $c{i}" if p.name in constant else f"{quote(p.name)}: $c{i}[i]"
        for i, p in list(enumerate(rel.columns))[2:]
    )
    return (
        "UNWIND range(0, size($starts) - 1) AS s "
        f"MATCH (a:{quote(rel.start)} {{id: $starts[s]}}) "
        "UNWIND range($offsets[s], $offsets[s + 1] - 1) AS i "
        f"MATCH (b:{quote(rel.end)} {{id: $ends[i]}}) "
        f"CREATE (a)-[:{quote(rel.type)} {{{values}}}]->(b) RETURN count(*) AS created"
    )


def constant_columns(rows: pa.Table) -> frozenset[str]:
    """The property columns with one value, or none, in all rows: such as `run`."""
    names = [f.name for f in list(rows.schema)[2:] if not pa.types.is_nested(f.type)]
    return frozenset(name for name in names if pc.count_distinct(rows.column(name), mode="all").as_py() == 1)


def parameters(rows: pa.Table, constant: frozenset[str]) -> dict[str, Any]:
    """The parameters of `statement` for one batch: rows of the same start that follow each other share one lookup."""
    runs = pc.run_end_encode(rows.column("start").combine_chunks())
    found: dict[str, Any] = {
        "starts": runs.values.to_pylist(),
        "offsets": [0, *runs.run_ends.to_pylist()],
        "ends": rows.column("end").to_pylist(),
    }
    for i, name in enumerate(rows.column_names[2:], start=2):
        column = rows.column(name)
        found[f"c{i}"] = column[0].as_py() if name in constant else to_list(column)
    return found


def to_list(column: pa.ChunkedArray) -> list[Any]:
    """Python values of a column; numbers without nulls take the short way."""
    if not column.null_count and (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        values: list[Any] = column.to_numpy().tolist()
        return values
    return list(column.to_pylist())


def size(rows: pa.Table, most: int = BATCH_ROWS) -> int:
    """Rows in a batch: fewer than `most` where rows are large."""
    width = max(1, rows.nbytes // max(1, rows.num_rows))
    return int(max(1, min(most, BATCH_BYTES // width)))


def load(write: Write, rel: Relationship, rows: pa.Table) -> Iterator[int]:
    """Create all rows through `write(text, parameters)`; yields the rows of each batch as it is in.

    After a failure no further batch is begun, and the first error is raised.
    """
    constant = constant_columns(rows)
    text, step = statement(rel, constant), size(rows)

    def one(start: int) -> int:
        part = rows.slice(start, step)
        created = write(text, parameters(part, constant)).rows[0][0]
        if created != part.num_rows:
            raise SchemaError(
                f"{rel.name}: {part.num_rows - created} of {part.num_rows} rows from {part['start'][0].as_py()!r} on "
                f"name a {rel.start} or {rel.end} that has no node; load the {rel.start} and {rel.end} rows first"
            )
        return int(part.num_rows)

    starts = iter(range(0, rows.num_rows, step))
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="neuronkb-load") as pool:
        running: set[Future[int]] = {pool.submit(one, start) for start in islice(starts, WORKERS)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
            running |= {pool.submit(one, start) for start in islice(starts, len(done))}
