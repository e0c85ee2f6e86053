"""Bundles -> files for neo4j-admin: a first load of tens of millions of relationships into an empty Neo4j."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from ..ingest.bundle import Bundle, FileEntry
from ..ingest.job import Progress, silent
from ..schema import MATRICES, NODES, BundleError, Table, conform, table
from .ledger import shard_rows
from .loader import derived_rows, run_rows
from .stores.import_files import ImportPlan, write_import_files


def import_files(bundles: Sequence[Path], out: Path, progress: Progress = silent) -> ImportPlan:
    """Write the files and the command; the database they make is what loading the bundles one by one would make.

    Raises BundleError for a damaged bundle, StoreError when `out` is not empty.
    """
    opened = [Bundle.open(path) for path in bundles]
    _check_once(opened)
    return write_import_files(_tables(opened, progress), out)


def _check_once(bundles: list[Bundle]) -> None:
    """Raise BundleError when two bundles hold the same shard of one run: its relationships would be doubled."""
    seen: dict[tuple[str, str], Path] = {}
    for bundle in bundles:
        for shard in bundle.shards:
            named = (bundle.run.id, shard)
            if named in seen and shard != "vocabulary":
                raise BundleError(f"{bundle.folder}: shard {shard!r} of {named[0]} is in {seen[named]} too; name one")
            seen[named] = bundle.folder


def _tables(bundles: list[Bundle], progress: Progress) -> Iterator[tuple[Table, pa.Table]]:
    total, done = sum(bundle.rows for bundle in bundles), 0
    runs = {bundle.run.id for bundle in bundles}
    for bundle in bundles:
        yield NODES["Run"], run_rows(bundle.run)
        yield table("Run.DERIVED_FROM.Run"), derived_rows(bundle.run, runs)
        for shard, entry in _files(bundle):
            progress("writing import files", done, total)
            yield table(entry.table), bundle.read(entry)
            done += entry.rows
            yield NODES["Shard"], conform(NODES["Shard"], shard_rows(bundle.run.id, shard, [entry], "done"))
    progress("writing import files", total, total)


def _files(bundle: Bundle) -> Iterator[tuple[str, FileEntry]]:
    for shard in bundle.shards.values():
        for entry in shard.files:
            if entry.table not in MATRICES:
                yield shard.name, entry
