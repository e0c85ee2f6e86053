"""What a bundle must be before a row of it goes into a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ...ingest.bundle import Bundle, ShardEntry
from ...schema import NODES, RELATIONSHIPS, BundleError, SchemaError
from ...schema.compute import pc
from ..stores.base import Store
from ..stores.facts import keep_facts
from .ledger import Ledger

Progress = Callable[[str, int, int], None]


def admit(store: Store, bundles: Sequence[Bundle], progress: Progress | None = None) -> None:
    """Read every file of the bundles that is not in the store yet, and write nothing.

    Raises BundleError for an unfinished bundle or a file that is not what its shard says, WeightsError for a model
    that the store or another of the bundles has with other weights, SchemaError for a relationship whose end is
    neither here nor in the store.
    """
    ends, models = _Ends(store), _Models(store)
    for bundle in bundles:
        _unlike(bundle)
        left = _left(store, bundle)
        total, done = sum(entry.rows for shard in left for entry in shard.files), 0
        for shard in left:
            tables = {}
            for entry in shard.files:
                if progress is not None:
                    progress(f"checking {bundle.run.id}", done, total)
                tables[entry.table] = bundle.read(entry)
                done += entry.rows
            if "Model" in tables:
                models.add(tables["Model"])
            ends.add(tables)
    ends.check(_rows_of(bundles))


def _unlike(bundle: Bundle) -> None:
    """Raise BundleError for a bundle that is not whole."""
    if not bundle.run.ended:
        raise BundleError(f"{bundle.folder}: the run is unfinished; run the job again to complete it, then load it")


def _left(store: Store, bundle: Bundle) -> list[ShardEntry]:
    """The shards with their files that the store does not have yet."""
    ledger = Ledger(store, bundle.run.id)
    shards = []
    for shard in bundle.shards.values():
        files = tuple(entry for entry in shard.files if ledger.state(shard.name, entry) != "done")
        if files:
            shards.append(ShardEntry(shard.name, files))
    return shards


def _rows_of(bundles: Sequence[Bundle]) -> Callable[[str], Iterable[pa.Table]]:
    """All rows of one table in the bundles."""

    def of(name: str) -> Iterable[pa.Table]:
        for bundle in bundles:
            yield from bundle.tables(name)

    return of


class _Models:
    """What the store and the bundles so far know of models."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, dict[str, Any]] = {}

    def add(self, rows: pa.Table) -> None:
        """Put rows to what is known. Raises WeightsError."""
        known = models_of(self._store, rows) | self._known
        for row in keep_facts(rows, known).to_pylist():
            told = {name: value for name, value in row.items() if value is not None}
            self._known[row["id"]] = {**known.get(row["id"], {}), **told}


class _Ends:
    """Ends of relationships that their own shard does not bring along."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wanted: dict[str, tuple[str, pa.Array]] = {}
        """by label: a relationship that needs it, and ids"""

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """Note the ends of a shard's relationships, but for nodes of the shard and what people noted."""
        for name, rows in tables.items():
            if name not in RELATIONSHIPS:
                continue
            rel = RELATIONSHIPS[name]
            for side, label in (("start", rel.start), ("end", rel.end)):
                if label != "Finding":  # another store's: such rows are left out
                    self._need(name, label, pc.unique(rows.column(side)), tables.get(label))

    def _need(self, name: str, label: str, ids: pa.Array, brought: pa.Table | None) -> None:
        if brought is not None:
            ids = _without(ids, brought.column("id"))
        if len(ids):
            first, before = self._wanted.get(label, (name, pa.array([], pa.string())))
            self._wanted[label] = first, pc.unique(pa.concat_arrays([before, _flat(ids)]))

    def check(self, of: Callable[[str], Iterable[pa.Table]]) -> None:
        """Raise SchemaError for an end that neither another shard nor the store has."""
        for label, (name, ids) in self._wanted.items():
            for rows in of(label):
                ids = _without(ids, rows.column("id"))
            if len(ids):
                ids = _without(ids, self._store.existing_ids(NODES[label], ids.to_pylist()))
            if len(ids):
                raise SchemaError(
                    f"{name}: no {label} has the id {ids[0].as_py()!r}, here or in the store; load the {label} first"
                )


def _without(ids: pa.Array, known: pa.Array | pa.ChunkedArray) -> pa.Array:
    return ids.filter(pc.invert(pc.is_in(ids, value_set=_flat(known))))


def _flat(ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    return ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids


def models_of(store: Store, models: pa.Table) -> dict[str, dict[str, Any]]:
    """What the store knows of the models of some rows: properties by id."""
    text = "MATCH (m:Model) WHERE m.id IN $ids RETURN m.id, properties(m)"
    ids = models.column("id").to_pylist()
    return dict(store.read(text, {"ids": ids}, timeout=None, limit=None).rows)
