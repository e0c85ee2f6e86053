"""Everything in a store as comparable rows: what two loads must agree on."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS

TIMES = ("started", "ended", "lined")
"""Properties that differ between two undisturbed loads: when, and the how-manieth writing of lines it was."""
LINES = tuple(prop.name for prop in NODES["Neuron"].properties if prop.own)
"""Properties that a load works out of the evidence, and import files leave to `neurons lines`."""


def contents(store: Store, left_out: tuple[str, ...] = TIMES) -> dict[str, list[str]]:
    """Each label's and each relationship type's rows as sorted JSON, without times."""
    found: dict[str, list[str]] = {name: [] for name in (*NODES, *sorted(rel.type for rel in RELATIONSHIPS.values()))}
    del found["Schema"]
    for labels, properties in _read(store, "MATCH (n) RETURN labels(n), properties(n)"):
        for label in found.keys() & labels:
            found[label].append(_json(properties, left_out))
    for kind, *ends, properties in _read(store, "MATCH (a)-[r]->(b) RETURN type(r), a.id, b.id, properties(r)"):
        if kind in found:
            found[kind].append(_json(properties, left_out, *ends))
    return {name: sorted(rows) for name, rows in found.items() if rows}


def checksum(store: Store) -> tuple[dict[str, int], str]:
    """Counts by label and type, and a hash over all rows."""
    held = contents(store)
    text = json.dumps(held, sort_keys=True).encode()
    return {name: len(rows) for name, rows in held.items()}, hashlib.sha256(text).hexdigest()


def _read(store: Store, cypher: str) -> list[Any]:
    return store.read(cypher, timeout=None, limit=None).rows


def _json(properties: dict[str, Any], left_out: tuple[str, ...], *ends: str) -> str:
    kept = {k: v for k, v in properties.items() if k not in left_out and v is not None}
    return json.dumps([*ends, kept], sort_keys=True)
