"""A store that is filled once for the tests of a file that only read it.

Whoever writes to it all the same is found by the store's stamp: then the next test finds it filled anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store

_held: dict[str, tuple[object, str, Path]] = {}
"""By the kind of store: what it was filled with, its stamp then, and the folder beside it."""


@dataclass(frozen=True)
class Filling:
    """One kind of store in turn."""

    store: Store
    empty: Callable[[], None]
    folder: Callable[[], Path]
    """a new one, which outlives the test"""
    file: str
    """whose tests ask"""

    def of(self, fill: Callable[[KnowledgeBase], object]) -> KnowledgeBase:
        """The store with what `fill`, a function of the file, puts in and nothing else."""
        content = (self.file, fill.__qualname__)
        held = _held.pop(self.store.kind, None)
        if held is None or held[:2] != (content, _stamp(self.store)):
            self.empty()
            folder = self.folder()
            fill(KnowledgeBase(self.store, str(folder)))
            held = (content, _stamp(self.store), folder)
        _held[self.store.kind] = held
        return KnowledgeBase(self.store, str(held[2]))


def _stamp(store: Store) -> str:
    while (found := store.stamp()) is None:
        time.sleep(0.02)
    return found
