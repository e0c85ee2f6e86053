"""The words and paths of graphs in a bundle, as sets to compare: read shard by shard, no graph is built again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...schema.compute import pc
from ..bundle import Bundle
from .similar import Entries, GraphSets, Ints

Names = npt.NDArray[np.uint64]
TABLES = ("Neuron.HAS_GRAPH.Graph", "GraphNode", "Graph.STARTS_AT.GraphNode", "GraphNode.PRECEDED_BY.GraphNode")
FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
"""Odd numbers that scatter bits (splitmix64)."""


class StoredSets:
    """Sets of the graphs that were read so far; `neurons` names the owner of each, a neuron's graphs together."""

    def __init__(self) -> None:
        self.neurons: list[str] = []
        self._kinds: tuple[list[Entries], list[Entries], list[Entries]] = ([], [], [])

    @classmethod
    def read(cls, bundle: Bundle, shards: Iterable[str]) -> StoredSets:
        """The graphs of some of a bundle's shards. Raises BundleError."""
        found = cls()
        for name in shards:
            entries = {entry.table: entry for entry in bundle.shards[name].files}
            found.add({table: bundle.read(entries[table]) for table in TABLES if table in entries})
        return found

    @property
    def starts(self) -> Ints:
        """Number of each neuron's first graph."""
        names = np.array(self.neurons, object)
        return np.flatnonzero(np.append(True, names[1:] != names[:-1])) if len(names) else np.zeros(0, np.int64)

    def sets(self) -> GraphSets:
        """Of all graphs. Raises LinkError without scipy."""
        return GraphSets.of_entries(len(self.neurons), *map(_joined, self._kinds))

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """The graphs of one shard, a neuron's one after the other."""
        owned, before = tables[TABLES[0]], len(self.neurons)
        self.neurons += owned.column("start").to_pylist()
        if TABLES[1] not in tables:
            return
        nodes = tables[TABLES[1]]
        graph, paths = _walked(nodes, _roots(nodes, tables[TABLES[2]], owned), tables.get(TABLES[3]))
        graph, keys = graph + before, _named(nodes.column("key"))
        for kind, into in zip(("activating", "context"), self._kinds[:2], strict=True):
            chosen = _values(pc.equal(nodes.column("kind"), kind))
            into.append(_once(graph[chosen], keys[chosen], np.ones(int(chosen.sum()), np.float32)))
        ends = _values(nodes.column("ends"))
        values = _values(nodes.column("value").filter(nodes.column("ends"))).astype(np.float32)
        self._kinds[2].append(_once(graph[ends], paths[ends], values))


def _roots(nodes: pa.Table, starts: pa.Table, owned: pa.Table) -> Ints:
    """int64 `[nodes]`: the graph of each node at which paths begin, -1 for others."""
    found = np.full(nodes.num_rows, -1)
    at = pc.index_in(starts.column("end"), value_set=nodes.column("id").combine_chunks())
    found[_values(at)] = _values(pc.index_in(starts.column("start"), value_set=owned.column("end").combine_chunks()))
    return found


def _walked(nodes: pa.Table, roots: Ints, edges: pa.Table | None) -> tuple[Ints, Names]:
    """Each node's graph, and the name of the path that leads to it: level by level from where paths begin."""
    parents = np.full(nodes.num_rows, -1)
    if edges is not None:
        ids = nodes.column("id").combine_chunks()
        start, end = (_values(pc.index_in(edges.column(name), value_set=ids)) for name in ("start", "end"))
        parents[end] = start
    separator = pa.scalar("\x1f")
    graph, own = (
        roots.copy(),
        _named(pc.binary_join_element_wise(nodes.column("match"), nodes.column("key"), separator)),
    )
    names = _scattered(own)
    while len(now := np.flatnonzero((graph < 0) & (parents >= 0) & (graph[parents] >= 0))):
        graph[now] = graph[parents[now]]
        names[now] = _scattered(names[parents[now]] * FIRST + own[now])
    return graph, names


def _named(texts: pa.ChunkedArray) -> Names:
    """64 bits of a digest of each text."""
    coded = texts.combine_chunks().dictionary_encode()
    known = b"".join(blake2b(text.encode(), digest_size=8).digest() for text in coded.dictionary.to_pylist())
    names: Names = np.frombuffer(known, np.uint64)[_values(coded.indices)]
    return names


def _scattered(names: Names) -> Names:
    mixed = (names ^ (names >> np.uint64(30))) * SECOND
    return mixed ^ (mixed >> np.uint64(27))


def _once(graphs: Ints, names: Names, values: npt.NDArray[np.float32]) -> Entries:
    """Each pair of graph and name once, with the value that comes last."""
    order = np.lexsort((names, graphs))
    graphs, names, values = graphs[order], names[order], values[order]
    last = np.append((graphs[1:] != graphs[:-1]) | (names[1:] != names[:-1]), True)[: len(graphs)]
    return graphs[last], names[last], values[last]


def _joined(parts: list[Entries]) -> Entries:
    none = np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.float32)
    graphs, names, values = (np.concatenate(columns) for columns in zip(none, *parts, strict=True))
    return graphs, names, values


def _values(column: Any) -> Any:
    return column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
