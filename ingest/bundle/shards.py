"""The finished shards of a bundle: what each holds, as its own shard.json says.

Bundles of before listed all shards in one manifest.json. It is still read, and its shards get a file of their own when
such a bundle is written to again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...schema import BundleError
from .layout import PARTIAL, read_json, write_json

SHARD = "shard.json"
MANIFEST = "manifest.json"
"""Of bundles of before."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileEntry:
    """One finished Parquet file."""

    table: str
    file: str
    """path inside the bundle"""
    rows: int
    sha256: str


@dataclass(frozen=True)
class ShardEntry:
    """One finished shard."""

    name: str
    files: tuple[FileEntry, ...]


def read_shards(folder: Path) -> dict[str, ShardEntry]:
    """Finished shards by name, in the order of their names. Raises BundleError."""
    shards = _of_manifest(folder)
    try:
        inside = [path for path in folder.iterdir() if is_shard(path)]
    except OSError as error:
        raise BundleError(f"{folder}: cannot be read ({error.strerror or error})") from None
    for path in inside:
        shards[path.name] = _entry(path / SHARD, path.name, read_json(path / SHARD))
    return dict(sorted(shards.items()))


def is_shard(path: Path) -> bool:
    """Whether this is the folder of a finished shard."""
    return not path.name.endswith(PARTIAL) and NAME.fullmatch(path.name) is not None and (path / SHARD).is_file()


def write_shard(folder: Path, shard: ShardEntry) -> None:
    """Write the shard.json of `shard` into `folder`, the shard's own."""
    write_json(folder / SHARD, asdict(shard))


def own_files(folder: Path) -> None:
    """Give each shard of a manifest its own file, then take the manifest away. A kill in between loses nothing."""
    listed = _of_manifest(folder)
    if not all(_inside(entry.file, shard.name) for shard in listed.values() for entry in shard.files):
        return  # not laid out as ours ever were
    for name, shard in listed.items():
        if (folder / name).is_dir() and not (folder / name / SHARD).exists():
            write_shard(folder / name, shard)
    (folder / MANIFEST).unlink(missing_ok=True)


def _of_manifest(folder: Path) -> dict[str, ShardEntry]:
    path = folder / MANIFEST
    if not path.exists():
        return {}
    listed = read_json(path).get("shards")
    if not isinstance(listed, list):
        raise BundleError(f"{path}: 'shards' must be a list")
    shards = {}
    for item in listed:
        shard = _entry(path, None, item)
        shards[shard.name] = shard
    return shards


def _entry(path: Path, name: str | None, raw: Any) -> ShardEntry:
    """A shard as `path` has it, by the name of its folder where that is known. Raises BundleError."""
    try:
        own = _name(path, raw["name"] if name is None else name)
        return ShardEntry(own, tuple(_file(path, own, item) for item in raw["files"]))
    except (KeyError, TypeError) as error:
        raise BundleError(f"{path}: a shard entry is malformed ({error!r})") from None


def _name(path: Path, value: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise BundleError(f"{path}: {str(value)[:60]!r} is not a shard name")
    return value


def _file(path: Path, shard: str, raw: Mapping[str, Any]) -> FileEntry:
    table, file, rows, total = raw["table"], raw["file"], raw["rows"], raw["sha256"]
    if not isinstance(table, str) or not isinstance(rows, int) or isinstance(rows, bool) or rows < 0:
        raise BundleError(f"{path}: a shard entry is malformed ({str(table)[:60]!r}, {str(rows)[:30]} rows)")
    if not isinstance(total, str) or not _SUM.fullmatch(total):
        raise BundleError(f"{path}: {str(total)[:70]!r} is not a sha256")
    where = None if path.name == MANIFEST else shard
    if not isinstance(file, str) or not _inside(file, where):
        raise BundleError(f"{path}: {str(file)[:200]!r} lies outside the {'bundle' if where is None else 'shard'}")
    return FileEntry(table, file, rows, total)


def _inside(file: str, shard: str | None) -> bool:
    """Whether a path leads into the bundle, or into one shard of it."""
    parts = Path(file).parts
    if not parts or Path(file).is_absolute() or ".." in parts or "\0" in file:
        return False
    return shard is None or (len(parts) == 2 and parts[0] == shard)
