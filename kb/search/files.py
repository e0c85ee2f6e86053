"""Folders that are there whole or not at all, with a checksum for every file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...ingest.bundle.layout import read_json, write_json
from ...ingest.bundle.reader import sha256_file
from ...schema import BundleError

INDEX = "part.json"
"""What a folder holds, and the size and checksum of each file."""


def make_folder(folder: Path, fill: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Fill a folder beside `folder`, then give it its name in one step; what `fill` returns is its part.json.

    A folder of that name is replaced: it is no longer listed anywhere when this is called.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        facts = fill(partial)
        files = {}
        for path in sorted(partial.iterdir()):
            with path.open("rb") as file:
                os.fsync(file.fileno())
            files[path.name] = {"bytes": path.stat().st_size, "sha256": sha256_file(path)}
        facts = {**facts, "files": files}
        write_json(partial / INDEX, facts)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return facts


def read_folder(folder: Path, whole: bool = False) -> dict[str, Any] | None:
    """part.json of a folder whose files have the right sizes (and checksums, when `whole`); None for any other."""
    try:
        facts = read_json(folder / INDEX)
        for name, entry in facts["files"].items():
            path = folder / Path(name).name
            if path.stat().st_size != entry["bytes"] or (whole and sha256_file(path) != entry["sha256"]):
                return None
    except (BundleError, OSError, KeyError, TypeError, AttributeError):
        return None
    return facts


def sweep(folder: Path, kept: set[str]) -> None:
    """Take away folders that nothing lists: parts of what is gone, and what a kill left half made."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.is_dir() and path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
