"""The server's record ids of nodes by their own ids, kept in Arrow, for relationships that name their ends by them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from ....schema import Node
from ....schema.compute import pc
from .http import Http

LOOKUP = 10_000
"""Ids in one lookup."""

SCAN = 100_000
"""Nodes on one page of a scan; a label is scanned when more ids than half of this are unknown."""

_LOOKUP = "UNWIND $ids AS id MATCH (n:`{label}` {{id: id}}) RETURN collect(elementId(n)) AS rids, collect(id) AS ids"
_SCAN = (
    "SELECT list(rid) AS rids, list(id) AS ids FROM "
    "(SELECT @rid AS rid, id FROM `{label}`{after} LIMIT " + str(SCAN) + ")"
)


class RecordIds:
    """What is known of each label's record ids.

    It holds until a node is deleted, by whatever process: each lengthens the file `changes` by a byte when it may have
    deleted something, and reads its length before it trusts what it knows.
    """

    def __init__(self, http: Http, changes: Path) -> None:
        self._http = http
        self._changes = changes
        self._seen = -1
        self._known: dict[str, tuple[pa.Array, pa.Array]] = {}

    def forget(self) -> None:
        """Know nothing any more, in every process."""
        with self._changes.open("ab") as file:
            file.write(b".")

    def _trust(self) -> None:
        length = self._changes.stat().st_size if self._changes.exists() else 0
        if length != self._seen:
            self._seen = length
            self._known.clear()

    def of(self, node: Node, ids: pa.Array) -> pa.Array:
        """The record id of each node id, null where the label holds no such node."""
        self._trust()
        unique = pc.unique(ids)
        known, _ = self._known.get(node.label, _nothing())
        missing = unique.filter(pc.invert(pc.is_in(unique, value_set=known)))
        if len(missing):
            self._learn(node, missing)
        own, rids = self._known.get(node.label, _nothing())
        return rids.take(pc.index_in(ids, value_set=own))

    def _learn(self, node: Node, missing: pa.Array) -> None:
        if 2 * len(missing) > SCAN:
            pages = self._scan(node)
        else:
            pages = [self._known.get(node.label, _nothing()), *self._lookups(node, missing)]
        own, rids = (pa.concat_arrays([page[side] for page in pages]) for side in (0, 1))
        self._known[node.label] = (own, rids)

    def _lookups(self, node: Node, missing: pa.Array) -> list[tuple[pa.Array, pa.Array]]:
        text = _LOOKUP.format(label=node.label)
        found = []
        for start in range(0, len(missing), LOOKUP):
            ids = missing.slice(start, LOOKUP).to_pylist()
            found.append(_page(self._http.command(text, "opencypher", ids=ids)))
        return found

    def _scan(self, node: Node) -> list[tuple[pa.Array, pa.Array]]:
        pages = []
        after = ""
        while True:
            page = _page(self._http.command(_SCAN.format(label=node.label, after=after)))
            pages.append(page)
            if len(page[0]) < SCAN:
                return pages
            after = f" WHERE @rid > {page[1][-1].as_py()}"


def _page(rows: list[dict[str, list[str]]]) -> tuple[pa.Array, pa.Array]:
    if not rows:
        return _nothing()
    return pa.array(rows[0]["ids"] or [], pa.string()), pa.array(rows[0]["rids"] or [], pa.string())


def _nothing() -> tuple[pa.Array, pa.Array]:
    return pa.array([], pa.string()), pa.array([], pa.string())
