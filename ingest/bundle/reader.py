"""Reads a bundle that may come from a stranger: every file is checked before a row is believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...schema import BundleError, SchemaError, arrow_schema, bundle_table, conform
from .layout import MANIFEST, RUN, FileEntry, RunInfo, ShardEntry, read_manifest, read_run
from .writer import sha256_file


class Bundle:
    """A bundle on disk: its run and its finished shards."""

    def __init__(self, folder: Path, run: RunInfo, shards: dict[str, ShardEntry]) -> None:
        self.folder = folder
        self.run = run
        self.shards = shards

    @classmethod
    def open(cls, folder: str | Path) -> Bundle:
        """Read run.json and the manifest. Raises BundleError or VersionError naming the file."""
        path = Path(folder)
        if not path.is_dir():
            raise BundleError(f"{path}: no such folder; expected a bundle (a folder with {RUN} and {MANIFEST})")
        return cls(path, read_run(path), read_manifest(path))

    @property
    def rows(self) -> int:
        """Rows in all finished shards."""
        return sum(entry.rows for shard in self.shards.values() for entry in shard.files)

    def read(self, entry: FileEntry) -> pa.Table:
        """One file's rows in the ontology's columns, checksum verified. Raises BundleError naming the file."""
        path = self.folder / entry.file
        self._check_sum(path, entry)
        declared = bundle_table(entry.table)
        try:
            rows = pq.read_table(path, partitioning=None)
        except (pa.ArrowException, OSError) as error:
            raise BundleError(f"{path}: not a readable Parquet file ({_first_line(error)})") from None
        if rows.column_names != arrow_schema(declared).names:
            expected = ", ".join(arrow_schema(declared).names)
            raise BundleError(f"{path}: wrong columns {', '.join(rows.column_names)}; expected {expected}")
        if rows.num_rows != entry.rows:
            raise BundleError(f"{path}: {rows.num_rows} rows, the manifest says {entry.rows}")
        try:
            return conform(declared, rows)
        except SchemaError as error:
            raise BundleError(f"{path}: {error}") from None

    def tables(self, name: str) -> Iterator[pa.Table]:
        """One table's rows, shard by shard."""
        for shard in self.shards.values():
            for entry in shard.files:
                if entry.table == name:
                    yield self.read(entry)

    def check(self) -> list[str]:
        """Every fault of the bundle as one line each; empty when it is sound and complete."""
        faults = (
            [] if self.run.ended else [f"{self.folder / RUN}: the run is unfinished; run the job again to complete it"]
        )
        faults += [f"{path}: an unfinished shard; run the job again to complete it" for path in self._strays()]
        for shard in self.shards.values():
            for entry in shard.files:
                try:
                    self.read(entry)
                except (BundleError, SchemaError) as error:
                    faults.append(str(error))
        return faults

    def _strays(self) -> list[Path]:
        known = {*self.shards, RUN, MANIFEST}
        return sorted(path for path in self.folder.iterdir() if path.name not in known)

    def _check_sum(self, path: Path, entry: FileEntry) -> None:
        try:
            found = sha256_file(path)
        except OSError as error:
            raise BundleError(f"{path}: listed in the manifest but {error.strerror or error}") from None
        if found != entry.sha256:
            raise BundleError(
                f"{path}: checksum {found[:12]}... is not the manifest's {entry.sha256[:12]}...; copy it again"
            )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
