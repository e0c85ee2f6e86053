"""Writes a bundle, shard by shard, and takes up again where a killed job left off."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from ...schema import BundleError, bundle_table, conform
from .columns import stamped
from .gate import LOCKS, Gate
from .layout import PARTIAL, RUN, RunInfo, partial_path, read_run, write_run
from .reader import Bundle, check_rows, sha256_file
from .shards import MANIFEST, NAME, FileEntry, ShardEntry, is_shard, own_files, read_shards, write_shard


def now() -> str:
    """The time as ISO 8601, to the second, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class BundleWriter:
    """Adds shards to the bundle of one run.

    `open` starts a bundle or, where the folder holds one of the same run, goes on with it; finished shards are in
    `done`. Any number of processes of a machine may write to one bundle: a shard that another finished first stays as
    it is, and the last writer to finish ends the run. Raises BundleError when the folder holds something else.
    """

    def __init__(self, folder: Path, run: RunInfo, done: dict[str, ShardEntry], gate: Gate) -> None:
        self.folder = folder
        self.run = run
        self.done = done
        self._gate = gate

    @classmethod
    def open(cls, folder: Path, run: RunInfo) -> BundleWriter:
        """Start or go on with the bundle of `run` in `folder`."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / RUN).exists():
                _check_ours(folder)
            gate = Gate(folder)
            try:
                with gate.turn():
                    held = _begun(folder, run)
                    own_files(folder)
                    whole = {name: shard for name, shard in read_shards(folder).items() if _whole(folder, shard)}
            except BaseException:
                gate.close()
                raise
        except OSError as error:
            raise BundleError(f"{folder}: cannot be written ({_why(error)})") from None
        return cls(folder, held, whole, gate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop writing; the run stays unfinished unless `finish` ended it."""
        self._gate.close()

    def bundle(self) -> Bundle:
        """The bundle as it stands."""
        return Bundle(self.folder, self.run, dict(self.done))

    def write(self, shard: str, tables: Mapping[str, pa.Table]) -> ShardEntry:
        """Write one shard's tables, of the ontology or declared matrices; it is there whole or not at all.

        Where another writer finished it first, that one stays. Raises SchemaError for a table that does not fit,
        BundleError when the disk refuses.
        """
        if not NAME.fullmatch(shard) or shard.endswith(PARTIAL):
            raise BundleError(f"{shard!r} is not a shard name; use letters, digits, '.', '_' and '-'")
        data = {name: conform(bundle_table(name), rows) for name, rows in tables.items()}
        for name, rows in data.items():
            check_rows(self.run, name, rows)
        partial = partial_path(self.folder / shard)
        try:
            self._reopen()
            partial.mkdir()
            entry = ShardEntry(shard, tuple(_write(partial, shard, name, rows) for name, rows in data.items()))
            write_shard(partial, entry)
            self.done[shard] = _entered(self.folder, partial, entry)
        except OSError as error:
            raise BundleError(
                f"{self.folder / shard}: cannot be written ({_why(error)}); free space and run again"
            ) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return self.done[shard]

    def refresh(self) -> dict[str, ShardEntry]:
        """`done` with what other writers have finished meanwhile."""
        for name, shard in read_shards(self.folder).items():
            self.done.setdefault(name, shard)
        ordered = sorted(self.done.items())
        self.done.clear()
        self.done.update(ordered)
        return self.done

    def finish(self, failures: tuple[str, ...] = (), summary: Mapping[str, Any] | None = None) -> RunInfo:
        """Record the counts and what failed in run.json, and the end where no other process is still writing."""
        counts: dict[str, int] = {}
        for shard in self.refresh().values():
            for entry in shard.files:
                counts[entry.table] = counts.get(entry.table, 0) + entry.rows
        try:
            with self._gate.turn():
                held = read_run(self.folder)
                last = self._gate.alone()
                self.run = replace(
                    held,
                    ended=(held.ended or now()) if last else None,
                    counts=counts,
                    failures=failures,
                    summary=dict(summary or held.summary),
                )
                if self.run != held:
                    write_run(self.folder, self.run)
        except OSError as error:
            raise BundleError(f"{self.folder}: cannot be written ({_why(error)}); free space and run again") from None
        finally:
            self.close()
        return self.run

    def _reopen(self) -> None:
        """A run that gets another shard has not ended."""
        if self.run.ended is None:
            return
        with self._gate.turn():
            self.run = replace(read_run(self.folder), ended=None)
            write_run(self.folder, self.run)


def _check_ours(folder: Path) -> None:
    """Raise BundleError for a folder without a run that holds more than a start that was cut off leaves."""
    for path in folder.iterdir():
        if not (path.name in (MANIFEST, *LOCKS) or path.name.endswith(PARTIAL) or is_shard(path)):
            raise BundleError(f"{folder}: not empty and not a bundle ({path.name}); give an empty folder")


def _begun(folder: Path, run: RunInfo) -> RunInfo:
    """The run as the bundle has it, its scope with what is asked for now; written where it is new or asks for more."""
    if not (folder / RUN).exists():
        held = replace(run, started=run.started or now())
        write_run(folder, held)
        return held
    held = read_run(folder)
    if held.id != run.id:
        raise BundleError(f"{folder}: holds run {held.id!r}, not {run.id!r}; give another folder")
    scope = united(held.scope, run.scope)
    if scope != held.scope:
        held = replace(held, scope=scope, ended=None)
        write_run(folder, held)
    return held


def united(held: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """Both scopes in one: lists joined, each value once; of other values the one asked for now."""
    found = dict(held)
    for name, value in asked.items():
        before = held.get(name)
        if isinstance(before, list) and isinstance(value, list):
            found[name] = sorted({repr(each): each for each in (*before, *value)}.values(), key=_order)
        elif isinstance(before, dict) and isinstance(value, dict):
            found[name] = united(before, value)
        else:
            found[name] = value
    return found


def _order(value: object) -> tuple[bool, float, str]:
    number = isinstance(value, int | float)
    return not number, float(value) if isinstance(value, int | float) else 0.0, str(value)


def _whole(folder: Path, shard: ShardEntry) -> bool:
    """Whether a shard's files are all there and unchanged; one that is not is made again."""
    paths = [(folder / entry.file, entry.sha256) for entry in shard.files]
    return all(path.is_file() and sha256_file(path) == expected for path, expected in paths)


def _entered(folder: Path, partial: Path, entry: ShardEntry) -> ShardEntry:
    """Give the shard its name, and take a damaged one of that name away; the entry of the whole one that is there."""
    final = folder / entry.name
    while True:
        try:
            partial.rename(final)
            return entry
        except OSError:
            if not final.exists():
                raise
        held = read_shards(folder).get(entry.name)
        if held is not None and _whole(folder, held):
            return held
        damaged = partial_path(final)
        final.rename(damaged)
        shutil.rmtree(damaged, ignore_errors=True)


def _why(error: OSError) -> str:
    """What the system says, without the long path that pyarrow puts before it."""
    return os.strerror(error.errno) if error.errno else str(error)


def _write(folder: Path, shard: str, name: str, rows: pa.Table) -> FileEntry:
    path = folder / f"{name}.parquet"
    pq.write_table(stamped(rows), path, compression="zstd", compression_level=1)
    with path.open("rb") as written:
        os.fsync(written.fileno())
    return FileEntry(name, f"{shard}/{path.name}", rows.num_rows, sha256_file(path))
