"""A job's evidence into a bundle and, shard by shard, into a store."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from ...ingest.bundle import Bundle, BundleWriter, RunInfo, ShardEntry
from ...ingest.job import Job
from ...ingest.progress import Progress, silent
from ...schema.errors import RunError
from ..names import keep_names
from ..session import Session
from ..stores.base import Store
from .known_runs import bundle_for
from .loader import Loader
from .report import LoadReport
from .runs import Clash, Settled, settle


def write_bundle(job: Job, folder: Path, progress: Progress) -> Bundle:
    """Make the bundle of a job, or complete the one that is there."""
    with BundleWriter.open(folder, job.run) as writer:
        with _shards(job, writer, progress) as shards:
            for name, tables in shards:
                writer.write(name, tables)
        writer.finish(summary=job.summary(writer.refresh()))
        return Bundle.open(folder)


def load_job(
    session: Session,
    job: Job,
    replaces: bool = False,
    alongside: bool = False,
    out: Path | None = None,
    *,
    notes: Callable[[], tuple[str, ...]] = tuple,
) -> LoadReport:
    """Make the bundle of a job, in `out` or beside the store, and load it; `notes` say more of it when that is done.

    Raises RunError where both ways to treat another run of the job are asked for.
    """
    store, place = session.store, session.place
    folder = bundle_for(job, store, place, out)
    clash = clash_of(replaces, alongside)
    report = write_and_load(job, store, folder, clash=clash, progress=session.progress, loaded=session.loaded)
    keep_names(place, store)
    return replace(report, notes=(*report.notes, *notes()))


def clash_of(replaces: bool, alongside: bool) -> Clash:
    """What becomes of another run of the job. Raises RunError for both."""
    if replaces and alongside:
        raise RunError("replace and alongside were both asked for; give one of them")
    return "replace" if replaces else "alongside" if alongside else "refuse"


def write_and_load(
    job: Job,
    store: Store,
    folder: Path,
    *,
    clash: Settled,
    progress: Progress,
    loaded: Callable[[str], None] | None = None,
) -> LoadReport:
    """Make the bundle of a job and load each shard as soon as it is on disk.

    Shards that are made or loaded already are not made or loaded again. `loaded` is told each shard that is in. Runs
    that this one replaces go when it is complete.
    """
    settle(store, job.run, clash)
    with BundleWriter.open(folder, job.run) as writer:
        loader = Loader(store, writer.run, progress)
        loader.begin(writer.run, clash)
        loader.shards(writer.bundle(), list(writer.done.values()))
        loader.progress = silent  # the job's own progress is on screen from here on

        def put(bundle: Bundle, entry: ShardEntry, run: RunInfo) -> str:
            loader.shards(bundle, [entry])
            # What is in can be judged against its null before the rest is.
            loader.describe(run)
            return entry.name

        # The database works on one shard while the next is being made.
        with ThreadPoolExecutor(1) as pool, _shards(job, writer, progress) as shards:
            pending: Future[str] | None = None
            own = set(writer.done)
            for name, tables in shards:
                entry = writer.write(name, tables)
                own.add(entry.name)
                _tell(loaded, pending)
                described = replace(writer.run, summary=job.summary(writer.done))
                pending = pool.submit(put, writer.bundle(), entry, described)
            _tell(loaded, pending)
        run = writer.finish(summary=job.summary(writer.refresh()))
        loader.shards(writer.bundle(), [shard for name, shard in writer.done.items() if name not in own])
        return loader.finish(run)


@contextmanager
def _shards(job: Job, writer: BundleWriter, progress: Progress) -> Iterator[Iterator[tuple[str, dict[str, pa.Table]]]]:
    """The shards that a job makes; what it has open is closed at the end, also where a shard failed."""
    made = job.shards(writer.done, progress)
    try:
        yield made
    finally:
        if isinstance(made, Generator):
            made.close()


def _tell(loaded: Callable[[str], None] | None, pending: Future[str] | None) -> None:
    """Wait for the shard that is on its way, raising what it raised, and tell that it is in."""
    if pending is not None:
        name = pending.result()
        if loaded is not None:
            loaded(name)
