"""The one ladder from each schema version to the next, which bundles climb while they are read and stores in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from . import version_2
from .step import Fill, Rewrite, Step

__all__ = ["FIRST", "STEPS", "Fill", "Rewrite", "Step", "steps_from", "upgraded", "upgraded_parameters"]

FIRST = 1
"""The oldest version there is; files that do not say theirs are of it."""
STEPS: tuple[Step, ...] = (version_2.STEP,)

GONE: Mapping[str, tuple[str, ...]] = {"Source": ("hash",), "Probe": ("threshold", "gamma")}
"""Columns by table that older bundles of this version have too, from when it declared them; none holds a value."""

Others = Callable[[str], pa.Table | None]
"""Asked with a table's name; its rows in the same shard, None where there are none."""


def steps_from(version: int, steps: Sequence[Step] | None = None) -> list[Step]:
    """What leads on from a version, in order."""
    return sorted((s for s in (STEPS if steps is None else steps) if s.version > version), key=lambda s: s.version)


def upgraded(
    table: str, rows: pa.Table, version: int, others: Others = lambda name: None, steps: Sequence[Step] | None = None
) -> pa.Table:
    """Rows of a bundle's table as the newest version has them. Columns that no step knows stay as they are."""
    for step in steps_from(version, steps):
        for rewrite in step.rewrites:
            if rewrite.table == table:
                rows = rewrite(rows)
        for fill in step.fills:
            if fill.table == table:
                beside = {name: others(name) for name in fill.needs}
                rows = fill.rows(rows, {name: found for name, found in beside.items() if found is not None})
    return rows.drop_columns([name for name in GONE.get(table, ()) if name in rows.column_names])


def upgraded_parameters(
    job: str, tokenizer: str | None, held: Mapping[str, Any], version: int, steps: Sequence[Step] | None = None
) -> dict[str, Any]:
    """A run's parameters as the newest version names them."""
    found = dict(held)
    for step in steps_from(version, steps):
        found = step.parameters(job, tokenizer, found)
    return found
