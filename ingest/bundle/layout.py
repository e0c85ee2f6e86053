"""Where the parts of a bundle lie, and its run.

    run.json                  the run: job, parameters, model, hashes, times, counts, failures
    {shard}/{table}.parquet
    {shard}/shard.json        the shard's files: table, rows and sha256

A shard is what one step of a job makes: `vocabulary`, `L003`, an input file. It counts once its folder has its name
and its shard.json: both come whole or not at all, so a crash loses at most the shard in hand, and many workers may
add shards to one folder without a list that they would have to share.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ...schema import SCHEMA_VERSION, BundleError, VersionError, run_id
from ...schema.ladder import FIRST, upgraded_parameters
from ...schema.outside import parse_json, read_bytes

RUN = "run.json"
UNVERIFIED = "unverified"
"""The weights of a run that was imported: nobody has compared them with a model's."""
MAX_JSON = 64 * 2**20
"""Bytes of a JSON file we are willing to read."""
PARTIAL = ".partial"
"""How the name of what is being written ends."""


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

    @classmethod
    def named(
        cls, job: str, model: str, weights: str, tokenizer: str | None, parameters: dict[str, Any], **more: Any
    ) -> RunInfo:
        """A run with the id that follows from what determines its results. `more` are other fields."""
        identity = {"tokenizer": tokenizer, "dataset": more.get("dataset")}
        name = run_id(job, model, weights, parameters, **identity)
        return cls(name, job, model, weights, tokenizer, parameters, **more)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a JSON file in one step: a reader sees the old or the new one, never half."""
    partial = partial_path(path)
    try:
        with partial.open("w", encoding="utf-8") as out:
            json.dump(value, out, indent=1, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def partial_path(path: Path) -> Path:
    """A name beside `path` that no other writer uses."""
    return path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}{PARTIAL}")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a bundle. Raises BundleError naming the file."""
    try:
        value = parse_json(read_bytes(path, MAX_JSON))
        json.dumps(value, allow_nan=False)
    except FileNotFoundError:
        raise BundleError(f"{path}: missing; a bundle has {RUN} and a folder a shard") from None
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror or error})") from None
    except ValueError as error:
        raise BundleError(f"{path}: {error}") from None
    if not isinstance(value, dict):
        raise BundleError(f"{path}: expected a JSON object")
    return value


def read_run(folder: Path) -> RunInfo:
    """run.json of a bundle. Raises BundleError, or VersionError for a schema this release does not know."""
    path = folder / RUN
    raw = read_json(path)
    version = known_version(path, raw.get("schema"))
    try:
        run = RunInfo(**raw)
    except TypeError as error:
        raise BundleError(f"{path}: {str(error).removeprefix('RunInfo.__init__() ')}") from None
    for name, (fits, expected) in _FIELDS.items():
        if not fits(getattr(run, name)):
            raise BundleError(f"{path}: {name!r} must be {expected}, found {str(getattr(run, name))[:60]!r}")
    run = replace(run, derived_from=tuple(run.derived_from), failures=tuple(run.failures))
    if version == SCHEMA_VERSION:
        return run
    parameters = upgraded_parameters(run.job, run.tokenizer, run.parameters, version)
    return replace(run, parameters=parameters, schema=SCHEMA_VERSION)


def known_version(path: Path, version: object) -> int:
    """A schema version that this release reads: its own, or an older one. Raises VersionError naming the file."""
    if isinstance(version, int) and not isinstance(version, bool) and FIRST <= version <= SCHEMA_VERSION:
        return version
    raise VersionError(
        f"{path}: schema version {str(version)[:30]} is not known; this release reads {FIRST} to {SCHEMA_VERSION}; "
        "upgrade neuronkb or make the bundle again"
    )


def write_run(folder: Path, run: RunInfo) -> None:
    """Write run.json."""
    write_json(folder / RUN, asdict(run))


def _text(value: object) -> bool:
    return isinstance(value, str)


def _name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _maybe(value: object) -> bool:
    return value is None or isinstance(value, str)


def _texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)


def _mapping(value: object) -> bool:
    return isinstance(value, dict)


def _counts(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in value.values()
    )


_FIELDS = {
    **dict.fromkeys(("id", "job", "model", "weights"), (_name, "text")),
    **dict.fromkeys(("code", "started"), (_text, "text")),
    **dict.fromkeys(("tokenizer", "dataset", "ended"), (_maybe, "text or null")),
    **dict.fromkeys(("derived_from", "failures"), (_texts, "a list of texts")),
    **dict.fromkeys(("parameters", "scope", "summary"), (_mapping, "an object")),
    "counts": (_counts, "an object of whole numbers"),
}
