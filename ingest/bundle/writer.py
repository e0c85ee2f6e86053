"""Writes a bundle, shard by shard, and takes up again where a killed job left off."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...schema import BundleError, bundle_table, conform
from .layout import (
    MANIFEST,
    FileEntry,
    RunInfo,
    ShardEntry,
    read_manifest,
    read_run,
    write_manifest,
    write_run,
)

_SHARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def now() -> str:
    """The time as ISO 8601, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file, read in pieces."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


class BundleWriter:
    """Adds shards to the bundle of one run.

    `open` starts a bundle or, where the folder holds one of the same run, goes on with it; finished shards are in
    `done`. Raises BundleError when the folder holds something else.
    """

    def __init__(self, folder: Path, run: RunInfo, done: dict[str, ShardEntry]) -> None:
        self.folder = folder
        self.run = run
        self.done = done

    @classmethod
    def open(cls, folder: Path, run: RunInfo) -> BundleWriter:
        """Start or go on with the bundle of `run` in `folder`."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not any(folder.iterdir()):
                write_manifest(folder, {})
                write_run(folder, replace(run, started=run.started or now()))
        except OSError as error:
            raise BundleError(f"{folder}: cannot be written ({error.strerror or error})") from None
        if not (folder / MANIFEST).exists():
            raise BundleError(f"{folder}: not empty and not a bundle; give an empty folder")
        held = read_run(folder) if (folder / "run.json").exists() else replace(run, started=run.started or now())
        if held.id != run.id:
            raise BundleError(f"{folder}: holds run {held.id!r}, not {run.id!r}; give another folder")
        whole = {name: shard for name, shard in read_manifest(folder).items() if _whole(folder, shard)}
        return cls(folder, replace(held, scope={**held.scope, **run.scope}), whole)

    def write(self, shard: str, tables: Mapping[str, pa.Table]) -> ShardEntry:
        """Write one shard's tables, of the ontology or declared matrices, and enter it in the manifest.

        Raises SchemaError for a table that does not fit, BundleError when the disk refuses.
        """
        if not _SHARD.fullmatch(shard):
            raise BundleError(f"{shard!r} is not a shard name; use letters, digits, '.', '_' and '-'")
        data = {name: conform(bundle_table(name), rows) for name, rows in tables.items()}
        partial = self.folder / f"{shard}.partial"
        final = self.folder / shard
        try:
            for leftover in (partial, final):
                shutil.rmtree(leftover, ignore_errors=True)
            partial.mkdir()
            files = tuple(_write(partial, shard, name, rows) for name, rows in data.items())
            partial.rename(final)
            self.done[shard] = ShardEntry(shard, files)
            write_manifest(self.folder, self.done)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise BundleError(
                f"{partial}: cannot be written ({error.strerror or error}); free space and run again"
            ) from None
        return self.done[shard]

    def finish(self, failures: tuple[str, ...] = (), summary: Mapping[str, Any] | None = None) -> RunInfo:
        """Record the end, the counts and what failed in run.json."""
        counts: dict[str, int] = {}
        for shard in self.done.values():
            for entry in shard.files:
                counts[entry.table] = counts.get(entry.table, 0) + entry.rows
        self.run = replace(
            self.run, ended=now(), counts=counts, failures=failures, summary=dict(summary or self.run.summary)
        )
        write_run(self.folder, self.run)
        return self.run


def _whole(folder: Path, shard: ShardEntry) -> bool:
    """Whether a shard's files are all there and unchanged; one that is not is made again."""
    paths = [(folder / entry.file, entry.sha256) for entry in shard.files]
    return all(path.is_file() and sha256_file(path) == expected for path, expected in paths)


def _write(folder: Path, shard: str, name: str, rows: pa.Table) -> FileEntry:
    path = folder / f"{name}.parquet"
    pq.write_table(rows, path, compression="zstd", compression_level=1)
    return FileEntry(name, f"{shard}/{path.name}", rows.num_rows, sha256_file(path))
