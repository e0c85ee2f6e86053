"""Sheets of ratings in a person's bundle: one given again is a shard of its own, beside what it was before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from ...ingest.bundle import Bundle, BundleWriter, ShardEntry
from ...schema import RELATIONSHIPS
from ..stores.rows import missing_rows

if TYPE_CHECKING:
    from ...ingest.explain.records import Score, Unit

GIVEN = ["id", "value", "null", "n"]
"""What is compared: the same again is no new revision."""


def given_again(writer: BundleWriter, name: str, scores: Sequence[tuple[str, Unit, Score]]) -> list[ShardEntry]:
    """The shards of the sheet `name`, oldest first. `scores` are written as the last, unless that is what it holds."""
    from ...ingest.explain.tables import score_tables

    before = [writer.done[each] for each in sorted(writer.done) if each == name or each.startswith(f"{name}-")]
    revision = len(before) + 1
    tables = score_tables([(e, unit, replace(score, revision=revision)) for e, unit, score in scores], writer.run.id)
    bundle = Bundle.open(writer.folder)
    for shard in before:
        held = {entry.table: bundle.read(entry) for entry in shard.files}
        if shard is before[-1] and held["Score"].select(GIVEN).equals(tables["Score"].select(GIVEN)):
            return before
        tables = {each: _untold(each, rows, held.get(each)) for each, rows in tables.items()}
    shown = {each: rows for each, rows in tables.items() if rows.num_rows}
    return [*before, writer.write(f"{name}-{revision:04d}" if before else name, shown)]


def sheets_in(shards: Iterable[str]) -> int:
    """How many sheets there are, each counted once however often it was given."""
    return len({"-".join(name.split("-")[:4]) for name in shards})


def _untold(name: str, rows: pa.Table, held: pa.Table | None) -> pa.Table:
    """Relationships without those that an earlier revision has; nodes as they are."""
    if held is None or name not in RELATIONSHIPS:
        return rows
    key = ["start", "end", *RELATIONSHIPS[name].key]
    return missing_rows(rows, held.select(key), key)
