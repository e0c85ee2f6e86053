"""Which store is meant, and where things lie when nobody says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Place:
    """Where what belongs to a store lies: in the folder of a local one, else in the user's data directory."""

    where: str
    """a folder, or the Bolt URI of a server"""

    @cached_property
    def folder(self) -> Path:
        """What holds all of it."""
        if not is_uri(self.where):
            return Path(self.where)
        from platformdirs import user_data_path

        return user_data_path("neuronkb")

    @property
    def bundles(self) -> Path:
        """A folder a run."""
        return self.folder / "bundles"

    def bundle(self, run: str) -> Path:
        """The evidence of a run."""
        return self.bundles / run

    @property
    def corpora(self) -> Path:
        """Texts as token windows, a folder a corpus."""
        return self.folder / "corpora"

    @property
    def features(self) -> Path:
        """Labelled texts."""
        return self.folder / "features"

    @property
    def queries(self) -> Path:
        """People's own queries, files of Cypher."""
        return self.folder.expanduser().absolute() / "queries"

    @property
    def passes(self) -> Path:
        """The state of passes that were cut off."""
        return self.folder / "unfinished-passes"

    @property
    def tokenizers(self) -> Path:
        """How transformers sets a model's tokenizer up."""
        return self.folder / "tokenizers"

    @property
    def summaries(self) -> Path:
        """What was counted of models, for who asks again; of servers apart."""
        folder = self.folder.expanduser().absolute() / "summaries"
        return folder / hashlib.sha256(self.where.encode()).hexdigest()[:16] if is_uri(self.where) else folder

    def search(self, database: str | None) -> Path:
        """What search by meaning asks, a folder an embedding model; of servers' databases apart."""
        if not is_uri(self.where):
            return self.folder.expanduser().absolute() / "search"
        return self.folder / "search" / hashlib.sha256(f"{self.where}\0{database or ''}".encode()).hexdigest()[:16]


def cache_folder() -> Path:
    """Where what can be made again is kept for a user, whatever the store."""
    from platformdirs import user_cache_path

    return user_cache_path("neuronkb")
