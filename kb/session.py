"""What a door sets for all verbs and no verb declares: the opened store, whom progress is told, who hears of shards."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..ingest.progress import Progress, silent
from .place import Place, default_store

if TYPE_CHECKING:
    from pathlib import Path

    from ..queries.result.record import Record
    from .search.search import Search
    from .stores.base import Store


class Session:
    """One store, opened when it is first needed."""

    def __init__(self, place: Place, opened: Callable[[], Store], progress: Progress = silent) -> None:
        self.place = place
        self.progress = progress
        self.loaded: Callable[[str], None] | None = None
        """told each shard that a job has loaded"""
        self.waits = True
        """whether who asks waits for what takes long, such as a search for its matrix"""
        self.stores = True
        """whether what was worked out may be kept in the store, for who asks again"""
        self.early: Callable[[Record], None] | None = None
        """shown what is there already of an answer that takes long"""
        self.counted: dict[str, dict[str, Any]] = {}
        """what was counted of models, where it may not be kept in a file"""
        self._opened = opened
        self._watchers: list[Callable[[Store], Store]] = []
        self._store: Store | None = None
        self._turn = Lock()

    @classmethod
    def at(
        cls,
        where: str | Path | None = None,
        *,
        create: bool = True,
        progress: Progress = silent,
        migrating: Callable[[], None] | None = None,
        **options: Any,
    ) -> Session:
        """At a folder, a Bolt URI or the default store; `options` are those of `stores.open_store`.

        `migrating` is called before a store of an older release is brought to this one's schema.
        """
        named = str(where) if where is not None else default_store()

        def opened() -> Store:
            from .stores import open_store

            begun = False

            def migrated(step: str, done: int, total: int) -> None:
                nonlocal begun
                if not begun and migrating is not None:
                    migrating()
                begun = True
                progress(step, done, total)

            return open_store(named, create=create, told=migrated, **options)

        return cls(Place(named), opened, progress)

    @property
    def store(self) -> Store:
        """The store. Raises StoreError where it cannot be opened."""
        with self._turn:
            if self._store is None:
                self._store = self._opened()
            return self._store

    def watch(self, by: Callable[[Store], Store]) -> None:
        """From now on the store is what `by` makes of it; said again, it is the same."""
        if by in self._watchers:
            return
        self._watchers.append(by)
        with self._turn:
            opened = self._opened
            self._opened = lambda: by(opened())
            self._store = None if self._store is None else by(self._store)

    def aside(self, progress: Progress) -> Session:
        """The same store with other ears, for work beside what is asked meanwhile."""
        other = Session(self.place, lambda: self.store, progress)
        other.waits, other.stores, other.counted = self.waits, self.stores, self.counted
        return other

    @cached_property
    def search(self) -> Search:
        """Search by meaning over this store: what it opened once stays open."""
        from .search.search import Search

        return Search(self.store, self.place)

    def close(self) -> None:
        """Let go of the store, where it was opened."""
        if self._store is not None:
            self._store.close()
            self._store = None
