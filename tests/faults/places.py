"""Stores that are emptied between runs: a folder, or a Neo4j server with the folder of its bundles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from neuronkb.kb.stores import open_store
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore, stop
from neuronkb.schema import NeuronKBError

LIVE = ("databases", "config", "log", "lock", "open.lock", "server.json")
"""What of a local store's folder belongs to its running server."""
EMPTY = "MATCH (n) WHERE NOT n:Schema WITH n LIMIT 20000 DETACH DELETE n RETURN count(n)"


class Place(Protocol):
    """Where runs write to."""

    name: str
    where: str
    """as --store takes it"""
    root: Path
    """the folder of bundles and notes"""

    @property
    def environ(self) -> Mapping[str, str]:
        """What its commands need to be told."""

    def open(self) -> Store:
        """The store; the caller closes it."""

    def empty(self) -> None:
        """Take out all evidence, bundles and notes."""

    def renew(self) -> None:
        """A new store with a new server: for one that cannot be emptied any more."""

    def close(self) -> None:
        """End what serves it."""


class LocalPlace:
    """A local store's folder. Its server runs on while it is emptied: starting one takes seconds."""

    name = "local"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.where = str(root)
        self.environ: dict[str, str] = {}
        with self.open() as store:
            store.setup()

    def open(self) -> Store:
        return LocalStore.open(self.root)

    def empty(self) -> None:
        with self.open() as store:
            store.repair()
            while store.write(EMPTY).rows[0][0]:
                pass
        for path in self.root.iterdir():
            if path.name not in LIVE:
                _remove(path)
        (self.root / "unfinished").mkdir(mode=0o700)

    def renew(self) -> None:
        with suppress(NeuronKBError):
            stop(self.root)
        for path in self.root.iterdir():
            _remove(path)
        with self.open() as store:
            store.setup()

    def close(self) -> None:
        with suppress(NeuronKBError):
            stop(self.root)


class Neo4jPlace:
    """A Neo4j server that is there for this alone."""

    name = "neo4j"

    def __init__(self, root: Path, uri: str, user: str, password: str) -> None:
        self.root = root / "neuronkb"
        self.where = uri
        # Bundles of a server's store lie in the user's data folder.
        self.environ = {
            "XDG_DATA_HOME": str(root),
            "NEURONKB_NEO4J_USER": user,
            "NEURONKB_NEO4J_PASSWORD": password,
        }
        self.root.mkdir(parents=True)
        os.environ.update(self.environ)
        with self.open() as store:
            store.setup()

    def open(self) -> Store:
        return open_store(self.where)

    def empty(self) -> None:
        with self.open() as store:
            while store.write(EMPTY).rows[0][0]:
                pass
        for path in self.root.iterdir():
            _remove(path)

    def renew(self) -> None:
        self.empty()

    def close(self) -> None:
        pass


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
