"""A store of evidence of every kind for the tests of doors and pages: on the one server of the test run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store
from neuronkb.kb.stores.local import LocalStore
from neuronkb.schema import NODES
from neuronkb.tests import everything


@pytest.fixture(scope="module")
def plain(local_folder: Path) -> Iterator[KnowledgeBase]:
    """Evidence of every kind, with lines."""
    with filled(local_folder, everything.load) as kb:
        yield kb


@contextmanager
def filled(folder: Path, load: Callable[[Store], None]) -> Iterator[KnowledgeBase]:
    """A store with this alone."""
    with LocalStore.open(folder) as store:
        store.setup()
        for label in NODES:
            if label != "Schema":
                store.write(f"MATCH (n:{label}) DETACH DELETE n")
        load(store)
        kb = KnowledgeBase(store, str(folder))
        for row in kb.models.list().dicts():
            kb.neurons.lines(row["model"])
        yield kb
