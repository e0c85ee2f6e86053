"""Reads a bundle that may come from a stranger: every file is checked before a row is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ...schema import BundleError, Matrix, NeuronKBError, SchemaError, bundle_table, checked, conform
from ...schema.compute import pc
from .columns import as_now
from .layout import PARTIAL, RUN, UNVERIFIED, RunInfo, read_run
from .shards import FileEntry, ShardEntry, read_shards

MAX_ROWS = 100_000_000
"""Rows of one file."""
MAX_BYTES = 8 << 30
"""Bytes of one file's rows in memory."""

_TEXTS = {"levels": r"\A-?[0-9]{1,9}( -?[0-9]{1,9})*\z", "signs": r"\A[PpNn_]+\z"}
"""Columns of text that are read as numbers and letters, and their form."""


class Bundle:
    """A bundle on disk: its run and its finished shards, by name."""

    def __init__(self, folder: Path, run: RunInfo, shards: dict[str, ShardEntry]) -> None:
        self.folder = folder
        self.run = run
        self.shards = shards

    @classmethod
    def open(cls, folder: str | Path) -> Bundle:
        """Read run.json and what each shard says of itself. Raises BundleError or VersionError naming the file."""
        path = Path(folder)
        if not path.is_dir():
            raise BundleError(f"{str(path)!r}: no such folder; expected a bundle (a folder with {RUN} and its shards)")
        return cls(path, read_run(path), read_shards(path))

    @property
    def rows(self) -> int:
        """Rows in all finished shards."""
        return sum(entry.rows for shard in self.shards.values() for entry in shard.files)

    def read(self, entry: FileEntry) -> pa.Table:
        """One file's rows in the ontology's columns, checksum verified. Raises BundleError naming the file."""
        path = self.folder / entry.file
        self._check_sum(path, entry)
        try:
            declared = bundle_table(entry.table)
            rows = as_now(path, entry.table, _rows(path, entry), lambda name: self._beside(entry, name))
            rows = conform(declared, rows) if isinstance(declared, Matrix) else checked(declared, rows)
            check_rows(self.run, entry.table, rows)
        except SchemaError as error:
            raise BundleError(f"{path}: {error}") from None
        return rows

    def _beside(self, entry: FileEntry, name: str) -> pa.Table | None:
        """Rows of another table of the shard that a file is of, as they were written."""
        shard = next(each for each in self.shards.values() if entry in each.files)
        files = [each for each in shard.files if each.table == name]
        if not files:
            return None
        self._check_sum(self.folder / files[0].file, files[0])
        return _rows(self.folder / files[0].file, files[0])

    def tables(self, name: str) -> Iterator[pa.Table]:
        """One table's rows, shard by shard."""
        for shard in self.shards.values():
            for entry in shard.files:
                if entry.table == name:
                    yield self.read(entry)

    def check(self) -> list[str]:
        """Every fault of the bundle as one line each; empty when it is sound and complete, as `load` asks."""
        faults = (
            [] if self.run.ended else [f"{self.folder / RUN}: the run is unfinished; run the job again to complete it"]
        )
        faults += [f"{path}: an unfinished shard; run the job again to complete it" for path in self._strays()]
        for shard in self.shards.values():
            for entry in shard.files:
                try:
                    self.read(entry)
                except NeuronKBError as error:
                    faults.append(str(error))
        return faults

    def _strays(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.name.endswith(PARTIAL))

    def _check_sum(self, path: Path, entry: FileEntry) -> None:
        try:
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise BundleError(f"{path}: leads outside the bundle")
            checksum = sha256_file(path)
        except (OSError, ValueError) as error:
            raise BundleError(f"{path}: listed in its shard but {getattr(error, 'strerror', None) or error}") from None
        if checksum != entry.sha256:
            raise BundleError(
                f"{path}: checksum {checksum[:12]}... is not the shard's {entry.sha256[:12]}...; copy it again"
            )


def sha256_file(path: Path) -> str:
    """Hex sha256 of a file, read in pieces."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def check_rows(run: RunInfo, name: str, rows: pa.Table) -> None:
    """Raise SchemaError for rows that a bundle of `run` may not hold: the store's own, another run's, another model's.

    What a bundle says of a model's weights must be what its run says.
    """
    declared = bundle_table(name)
    if not isinstance(declared, Matrix) and declared.own:
        raise SchemaError(f"{name}: rows of this table are the store's own; a bundle may not hold them")
    if "run" in rows.column_names and not _all(pc.equal(rows.column("run"), run.id)):
        raise SchemaError(f"{name}.run: rows of another run than {run.id!r}, which the bundle is of")
    if name == "Model":
        _check_models(run, rows)
    for column, pattern in _TEXTS.items():
        if column not in rows.column_names or not pa.types.is_string(rows.column(column).type):
            continue
        if not _all(pc.match_substring_regex(rows.column(column).drop_null(), pattern)):
            raise SchemaError(f"{name}.{column}: a text of another form than the ontology's")


def _check_models(run: RunInfo, rows: pa.Table) -> None:
    own = rows.filter(pc.equal(rows.column("id"), run.model)).column("weights")
    if not _all(pc.or_kleene(pc.is_null(own), pc.is_in(own, value_set=pa.array([run.weights, UNVERIFIED])))):
        raise SchemaError(f"Model.weights: {run.model!r} has other weights here than its run says")


def _all(flags: pa.ChunkedArray) -> bool:
    return bool(pc.all(pc.fill_null(flags, False), min_count=0).as_py())


def _rows(path: Path, entry: FileEntry) -> pa.Table:
    """All rows of a Parquet file whose size is what the shard says and bounded. Raises BundleError."""
    try:
        with pq.ParquetFile(path) as source:
            metadata = source.metadata
            size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
            if metadata.num_rows != entry.rows:
                raise BundleError(f"{path}: {metadata.num_rows} rows, the shard says {entry.rows}")
            if metadata.num_rows > MAX_ROWS or size > MAX_BYTES:
                raise BundleError(f"{path}: {metadata.num_rows:,} rows of {size:,} bytes; split it into shards")
            rows = source.read()
            _ = rows.column_names  # a stranger's need be no text
            rows.validate(full=True)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BundleError(f"{path}: not a readable Parquet file ({_first_line(error)})") from None
    return rows


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
