"""Brings an older store up the ladder, in place.

Every batch is one transaction that takes the old properties away with the new ones it writes, so a migration that was
cut off goes on with what still has old ones; the version is written last. What the ontology does not name, such as
labels and properties of the users' own, is never touched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from ...schema import NODES, TABLES, Node, table
from ...schema.arrow import TYPES
from ...schema.ladder import Fill, Rewrite, Step, steps_from
from . import headlines, statements
from .base import Store, Told

AFTER: dict[int, Callable[[Store], object]] = {2: headlines.fill}
"""What a version needs that no one statement does; done twice, it changes nothing more."""

BATCH = 1_000
"""Nodes whose rows are changed in one transaction."""

_RUNS = """
MATCH (r:Run) WHERE r.schema IS NULL OR r.schema < $version
OPTIONAL MATCH (m:Model {id: r.model})
RETURN r.id AS id, r.job AS job, m.tokenizer AS tokenizer, r.parameters AS parameters
"""
_NAMED = """
UNWIND range(0, size($ids) - 1) AS i MATCH (r:Run {id: $ids[i]})
SET r.parameters = $parameters[i], r.schema = $version
"""


def migrate(store: Store, version: int, told: Told, steps: Sequence[Step] | None = None) -> None:
    """Bring a store of an older version to the newest, but for the version it says it is of."""
    for step in steps_from(version, steps):
        told(f"schema version {step.version}", 0, 1)
        for rewrite in step.rewrites:
            if rewrite.table in TABLES:
                _rewrite(store, rewrite, _label(f"version {step.version}: {rewrite.table}", told))
        for fill in [each for each in step.fills if each.cypher]:
            _fill(store, fill, _label(f"version {step.version}: {fill.table}", told))
        if step.version in AFTER:
            AFTER[step.version](store)
        _name_runs(store, step)
        told(f"schema version {step.version}", 1, 1)


def _label(what: str, told: Told) -> Callable[[int, int], None]:
    return lambda done, total: told(f"schema {what}", done, total)


def _rewrite(store: Store, rewrite: Rewrite, told: Callable[[int, int], None]) -> None:
    kind = table(rewrite.table)
    old, new = [p.name for p in rewrite.before], [p.name for p in rewrite.after]
    find, read = statements.with_properties(kind, old), statements.read_properties(kind, old)
    write = statements.exchange_properties(kind, old, new)
    ids = _ids(store, find)
    for start in range(0, len(ids), BATCH):
        told(start, len(ids))
        found = store.read(read, {"ids": ids[start : start + BATCH]}, timeout=None, limit=None).rows
        if not found:
            continue
        columns: list[Any] = list(map(list, zip(*found, strict=True)))
        own = len(columns) - len(old)
        given = [pa.array(values, TYPES[p.kind]) for values, p in zip(columns[own:], rewrite.before, strict=True)]
        changed = rewrite.changed(pa.table(given, names=old))
        values = [*columns[:own], *(changed.column(name).to_pylist() for name in new)]
        store.write(write, {f"c{i}": column for i, column in enumerate(values)})
    if ids:
        told(len(ids), len(ids))


def _fill(store: Store, fill: Fill, told: Callable[[int, int], None]) -> None:
    kind = table(fill.table)
    ids = _ids(store, statements.all_ids(kind if isinstance(kind, Node) else NODES[kind.start]))
    for start in range(0, len(ids), fill.batch):
        told(start, len(ids))
        store.write(fill.cypher, {"ids": ids[start : start + fill.batch]})
    if ids:
        told(len(ids), len(ids))


def _name_runs(store: Store, step: Step) -> None:
    rows = store.read(_RUNS, {"version": step.version}, timeout=None, limit=None).dicts()
    named = [json.dumps(_parameters(step, row), sort_keys=True) for row in rows]
    if rows:
        ids = [row["id"] for row in rows]
        store.write(_NAMED, {"ids": ids, "parameters": named, "version": step.version})


def _parameters(step: Step, row: dict[str, Any]) -> dict[str, Any]:
    return step.parameters(row["job"], row["tokenizer"], json.loads(row["parameters"] or "{}"))


def _ids(store: Store, cypher: str) -> list[str]:
    return [row[0] for row in store.read(cypher, timeout=None, limit=None).rows]
