"""A store that is filled once for the tests that only read it.

Whoever writes to it all the same is found by the store's stamp: then the next test finds it filled anew.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neuronkb.kb.knowledge_base import KnowledgeBase
from neuronkb.kb.stores.base import Store

Content = tuple[str, str]
"""Where the function that filled a store stands, and its name."""
NOTHING: Content = ("", "")

_held: dict[str, tuple[Content, str]] = {}
"""By the kind of store: what it was filled with, and its stamp then."""
_folders: dict[str, Path] = {}
"""By the kind of store: the folder beside it, where there is one."""
_made: dict[Content, Path] = {}
"""What a filling laid beside the store, as it was at first."""


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
        _hold(self.store, content, lambda: self._fill(fill))
        return KnowledgeBase(self.store, str(_folders[self.store.kind]))

    def copied(self, fill: Callable[[KnowledgeBase], object], folder: Path) -> KnowledgeBase:
        """The same, with a copy of the files beside it for the test alone; jobs go on from the bundles of the first
        time, so that what made them is not worked out again."""
        content = (self.file, fill.__qualname__)

        def filled() -> None:
            self._fill(fill, _made.get(content))
            if content not in _made:
                made = _folders[self.store.kind]
                _made[content] = shutil.copytree(made, made.with_name("kept"))

        _hold(self.store, content, filled)
        shutil.copytree(_folders[self.store.kind], folder)
        return KnowledgeBase(self.store, str(folder))

    def _fill(self, fill: Callable[[KnowledgeBase], object], files: Path | None = None) -> None:
        self.empty()
        folder = self.folder() / "store"
        if files is None:
            folder.mkdir()
        else:
            shutil.copytree(files, folder)
        fill(KnowledgeBase(self.store, str(folder)))
        _folders[self.store.kind] = folder

    def holding(self, load: Callable[[Store], object]) -> Store:
        """The store with what `load`, a function that tests of several files share, puts in and nothing else."""
        return holding(self.store, self.empty, load)


def holding(store: Store, empty: Callable[[], None], load: Callable[[Store], object]) -> Store:
    """A store with what `load`, a function of a module, puts in and nothing else."""

    def filled() -> None:
        empty()
        load(store)

    _hold(store, (load.__module__, load.__qualname__), filled)
    return store


def emptied(store: Store, empty: Callable[[], None]) -> None:
    """Empty a store, unless nothing was put in since that was done last."""
    _hold(store, NOTHING, empty)


def _hold(store: Store, content: Content, fill: Callable[[], None]) -> None:
    held = _held.pop(store.kind, None)
    if held is None or held[0] != content or held[1] != stamp(store):
        fill()
        held = (content, stamp(store))
    _held[store.kind] = held


def stamp(store: Store) -> str:
    """A store's stamp, once its last write is a moment ago."""
    while (found := store.stamp()) is None:
        time.sleep(0.02)
    return found
