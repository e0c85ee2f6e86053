"""Bundles -> files for neo4j-admin: a first load of tens of millions of relationships into an empty Neo4j."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from ...ingest.bundle import UNVERIFIED, Bundle, FileEntry
from ...ingest.progress import Progress, silent
from ...schema import NODES, RELATIONSHIPS, BundleError, RunError, Table, WeightsError, table
from ..stores.headlines import Scored, across_shards
from ..stores.import_files import ImportPlan, write_import_files
from .loader import derived_rows, run_rows
from .runs import same_subject
from .written import Written


def import_files(
    bundles: Sequence[Path], out: Path, progress: Progress = silent, *, alongside: bool = False
) -> ImportPlan:
    """Write the files and the command; the database they make is what loading the bundles makes, the first one first.

    Raises BundleError for a damaged or unfinished bundle, StoreError when `out` is not empty, WeightsError for two
    bundles of one model's name on different weights, and RunError for two runs of one job on one model, unless both
    are to stand `alongside`.
    """
    opened = [Bundle.open(path) for path in bundles]
    for place, bundle in enumerate(opened):
        _check(bundle, opened[:place], alongside)
    written: list[int] = [0]
    return write_import_files(_tables(opened, progress, written), out, wrote=written.append)


def _check(bundle: Bundle, before: Sequence[Bundle], alongside: bool) -> None:
    """What a store asks of a bundle."""
    run = bundle.run
    if not run.ended:
        raise BundleError(f"{bundle.folder}: the run is unfinished; run the job again to complete it, then import it")
    for other in (each.run for each in before):
        if other.model == run.model and UNVERIFIED not in (other.weights, run.weights) and other.weights != run.weights:
            raise WeightsError(
                f"{bundle.folder}: {run.model!r} with weights {run.weights[:12]}..., and {other.id!r} was made on "
                f"{other.weights[:12]}...; give the model another name with --name"
            )
        if other.id != run.id and not alongside and same_subject(other, run):
            raise RunError(
                f"{other.id!r} and {run.id!r} are both runs of the job {run.job} on {run.model!r}; name the bundle of "
                "one of them, or keep both with --alongside"
            )


def _tables(bundles: list[Bundle], progress: Progress, wrote: Sequence[int]) -> Iterator[tuple[Table, pa.Table]]:
    """All nodes first, as a store has to have them before what joins them; how many of each were new, `wrote` says."""
    runs = {bundle.run.id for bundle in bundles}
    for bundle in bundles:
        yield NODES["Run"], run_rows(bundle.run)
        yield RELATIONSHIPS["Run.DERIVED_FROM.Run"], derived_rows(bundle.run, runs)
    total, done = sum(bundle.rows for bundle in bundles), 0
    written, scored = Written(), _scored(bundles)
    for bundle, shard, entry in [*_files(bundles, NODES), *_files(bundles, RELATIONSHIPS)]:
        progress("writing import files", done, total)
        rows, new = written.missing(bundle, shard, entry), 0
        if rows is not None:
            if bundle.run.id in scored:
                rows = scored[bundle.run.id].headlined(entry.table, rows)
            yield table(entry.table), rows
            new = wrote[-1]
        yield NODES["Shard"], written.shard(bundle, shard, entry, new)
        done += entry.rows
    progress("writing import files", total, total)


def _scored(bundles: Sequence[Bundle]) -> dict[str, Scored]:
    """The scores of the runs whose headlines a load works out."""
    runs: dict[str, list[Bundle]] = {}
    for bundle in bundles:
        runs.setdefault(bundle.run.id, []).append(bundle)
    tables = {
        run: {entry.table for bundle in own for shard in bundle.shards.values() for entry in shard.files}
        for run, own in runs.items()
    }
    return {run: Scored(own) for run, own in runs.items() if across_shards(own[0].run.job, tables[run])}


def _files(bundles: Sequence[Bundle], tables: Collection[str]) -> Iterator[tuple[Bundle, str, FileEntry]]:
    for bundle in bundles:
        for shard in bundle.shards.values():
            for entry in shard.files:
                if entry.table in tables:
                    yield bundle, shard.name, entry
