"""Which store is meant, and where things lie when nobody says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

WAITING = "waiting for "
"""How the step begins in which a command waits for another that loads."""
LOCAL = ".neuronkb"
"""The folder of a store that belongs to the working directory."""

POSITIONS = 20_000
"""Places of a text that two models are compared on, unless another number is given."""


def default_store(environ: Mapping[str, str] = os.environ, cwd: Path | None = None) -> str:
    """NEURONKB_STORE, else `./.neuronkb` where that folder exists, else a folder in the user's data directory."""
    if named := environ.get("NEURONKB_STORE"):
        return named
    here = (cwd or Path.cwd()) / LOCAL
    if here.is_dir():
        return str(here)
    from platformdirs import user_data_path

    return str(user_data_path("neuronkb") / "store")


def is_uri(where: str) -> bool:
    """Whether a store is named by a Bolt URI (a Neo4j server) rather than by a folder."""
    return "://" in where


def bundle_folder(where: str, run: str) -> Path:
    """Where the bundle of a run goes: inside a local store, else in the user's data directory."""
    if not is_uri(where):
        return Path(where) / "bundles" / run
    from platformdirs import user_data_path

    return user_data_path("neuronkb") / "bundles" / run


def cache_folder() -> Path:
    """Where what can be made again is kept for a user, whatever the store."""
    from platformdirs import user_cache_path

    return user_cache_path("neuronkb")
