"""Which shards of a run told of a neuron before: their relationships may be in the store already."""

from __future__ import annotations

import pyarrow as pa

from ..ingest.bundle import Bundle, ShardEntry
from ..schema import RELATIONSHIPS
from ..schema.compute import pc
from .ledger import Ledger


class Overlaps:
    """The neurons of the shards that were begun, each shard read once."""

    def __init__(self) -> None:
        self._shards: dict[str, set[str]] = {}
        """by neuron"""
        self._read: set[tuple[str, str]] = set()
        """shard and checksum"""

    def tables(self, bundle: Bundle, shard: ShardEntry, ledger: Ledger) -> set[str]:
        """Tables in which another shard of the run, begun before, tells of one of the shard's neurons.

        Shards that are not in this bundle cannot be looked into: then every table of the run's is one.
        """
        begun = ledger.begun
        if begun.keys() - bundle.shards.keys():
            return set(RELATIONSHIPS)
        for name in begun.keys() - {shard.name}:
            self._remember(bundle, bundle.shards[name])
        overlapping: set[str] = set()
        for neuron in _neurons(bundle, shard).to_pylist():
            overlapping |= self._shards.get(neuron, set())
        return {table for name in overlapping - {shard.name} for table in begun.get(name, ())}

    def _remember(self, bundle: Bundle, shard: ShardEntry) -> None:
        known = (shard.name, _checksum(shard))
        if known in self._read:
            return
        self._read.add(known)
        own = {shard.name}  # one set for all neurons that only this shard tells of
        for neuron in _neurons(bundle, shard).to_pylist():
            before = self._shards.get(neuron)
            self._shards[neuron] = own if before is None else before | own


def _neurons(bundle: Bundle, shard: ShardEntry) -> pa.Array:
    for entry in shard.files:
        if entry.table == "Neuron":
            return pc.unique(bundle.read(entry).column("id"))
    return pa.array([], pa.string())


def _checksum(shard: ShardEntry) -> str:
    return next((entry.sha256 for entry in shard.files if entry.table == "Neuron"), "")
