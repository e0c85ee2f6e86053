"""The ids that import files hold: each node once, each relationship between nodes that are there."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ...schema import Relationship, StoreError
from ...schema.compute import pc


class Ids:
    """What was written so far, and what was pointed at."""

    def __init__(self) -> None:
        self._nodes: dict[str, set[str]] = {}
        self._pairs: dict[str, set[str]] = {}
        self._ends: dict[str, set[str]] = {}
        self._by: dict[str, str] = {}

    def new_nodes(self, label: str, ids: pa.ChunkedArray) -> pa.Array:
        """A mask: whether each id is the label's first of its kind; they count as written from now on."""
        return _first(self._nodes.setdefault(label, set()), ids)

    def new_relationships(self, rel: Relationship, keys: pa.ChunkedArray) -> pa.Array:
        """The same for a relationship that belongs to no run, by its `keys`."""
        return _first(self._pairs.setdefault(rel.name, set()), keys)

    def need(self, rel: Relationship, rows: pa.Table) -> None:
        """Note both ends of each row; a node may come later."""
        for label, column in ((rel.start, "start"), (rel.end, "end")):
            self._ends.setdefault(label, set()).update(pc.unique(rows.column(column)).to_pylist())
            self._by.setdefault(label, f"{rel.name}.{column}")

    def check(self) -> None:
        """Raise StoreError for an end that never came."""
        for label, ends in self._ends.items():
            absent = ends - self._nodes.get(label, set())
            if absent:
                raise StoreError(
                    f"{len(absent)} {label} nodes that relationships point at are in none of the bundles, such as "
                    f"{min(absent)!r} (see {self._by[label]}); name the bundle that holds them as well"
                )


def keys(rows: pa.Table, names: Sequence[str]) -> pa.ChunkedArray:
    """One text a row that is equal when all the named columns are: each value behind its length."""
    parts: list[pa.ChunkedArray] = []
    for name in names:
        column = pc.cast(rows.column(name), pa.string())
        parts += [pc.cast(pc.fill_null(pc.binary_length(column), -1), pa.string()), pc.fill_null(column, "")]
    return pc.binary_join_element_wise(*parts, ":")


def _first(seen: set[str], values: pa.ChunkedArray) -> pa.Array:
    mask = []
    for value in values.to_pylist():
        mask.append(value not in seen)
        seen.add(value)
    return pa.array(mask, pa.bool_())
