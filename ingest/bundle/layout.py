"""Where the parts of a bundle lie, and its two JSON files.

    run.json          the run: job, parameters, model, hashes, times, counts, failures
    manifest.json     the finished shards: for each table its file, rows and sha256
    {shard}/{table}.parquet

A shard is what one step of a job makes: `vocabulary`, `L003`, an input file. It is in the manifest once all its
files are on disk, so a crash loses at most the shard in hand.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...schema import SCHEMA_VERSION, BundleError, VersionError

RUN = "run.json"
MANIFEST = "manifest.json"
UNVERIFIED = "unverified"
"""The weights of a run that was imported: nobody has compared them with a model's."""
MAX_JSON = 64 * 2**20
"""Bytes of a JSON file we are willing to read."""


@dataclass(frozen=True)
class RunInfo:
    """What run.json says."""

    id: str
    job: str
    model: str
    weights: str
    """sha256 of the model's weights, or `unverified`"""
    tokenizer: str | None
    parameters: dict[str, Any]
    """All that determines a neuron's result."""
    derived_from: tuple[str, ...] = ()
    dataset: str | None = None
    code: str = ""
    """neuronkb version"""
    schema: int = SCHEMA_VERSION
    started: str = ""
    ended: str | None = None
    """ISO 8601; None while the job is unfinished"""
    scope: dict[str, Any] = field(default_factory=dict)
    """Which part of the model was asked for; not part of the id."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows by table."""
    failures: tuple[str, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict)


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


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a JSON file in one step: a reader sees the old or the new one, never half."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as out:
        json.dump(value, out, indent=1, ensure_ascii=False)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a bundle. Raises BundleError naming the file."""
    try:
        if path.stat().st_size > MAX_JSON:
            raise BundleError(f"{path}: larger than {MAX_JSON} bytes; not a bundle's file")
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"{path}: missing; a bundle has run.json and manifest.json") from None
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path}: not valid JSON ({error})") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror or error})") from None
    if not isinstance(value, dict):
        raise BundleError(f"{path}: expected a JSON object")
    return value


def read_run(folder: Path) -> RunInfo:
    """run.json of a bundle. Raises BundleError, or VersionError for a schema this release does not know."""
    path = folder / RUN
    raw = read_json(path)
    if raw.get("schema") != SCHEMA_VERSION:
        raise VersionError(
            f"{path}: schema version {raw.get('schema')!r} is not known; this release reads {SCHEMA_VERSION}; "
            "upgrade neuronkb or make the bundle again"
        )
    try:
        raw["derived_from"] = tuple(raw.get("derived_from", ()))
        raw["failures"] = tuple(raw.get("failures", ()))
        run = RunInfo(**raw)
    except TypeError as error:
        raise BundleError(f"{path}: {str(error).removeprefix('RunInfo.__init__() ')}") from None
    for name in ("id", "job", "model", "weights"):
        if not isinstance(getattr(run, name), str):
            raise BundleError(f"{path}: {name!r} must be text, found {getattr(run, name)!r}")
    return run


def write_run(folder: Path, run: RunInfo) -> None:
    """Write run.json."""
    write_json(folder / RUN, asdict(run))


def read_manifest(folder: Path) -> dict[str, ShardEntry]:
    """Finished shards by name, in the order they were finished. Raises BundleError."""
    path = folder / MANIFEST
    raw = read_json(path)
    shards: dict[str, ShardEntry] = {}
    try:
        for item in raw["shards"]:
            files = tuple(FileEntry(f["table"], f["file"], int(f["rows"]), f["sha256"]) for f in item["files"])
            shards[item["name"]] = ShardEntry(item["name"], files)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path}: a shard entry is malformed ({error!r})") from None
    for shard in shards.values():
        for entry in shard.files:
            _stay_inside(path, entry.file)
    return shards


def write_manifest(folder: Path, shards: Mapping[str, ShardEntry]) -> None:
    """Write manifest.json."""
    write_json(folder / MANIFEST, {"schema": SCHEMA_VERSION, "shards": [asdict(s) for s in shards.values()]})


def _stay_inside(manifest: Path, file: str) -> None:
    """A manifest from elsewhere must not name files outside its bundle."""
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise BundleError(f"{manifest}: {file!r} lies outside the bundle")
