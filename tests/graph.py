"""Everything in a store as comparable rows: what two loads must agree on."""

from __future__ import annotations

import hashlib
import json

from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS

TIMES = ("started", "ended", "lined")
"""Properties that differ between two undisturbed loads: when, and the how-manieth writing of lines it was."""
LINES = tuple(prop.name for prop in NODES["Neuron"].properties if prop.own)
"""Properties that a load works out of the evidence, and import files leave to `neurons lines`."""


def contents(store: Store, left_out: tuple[str, ...] = TIMES) -> dict[str, list[str]]:
    """Each label's and each relationship type's rows as sorted JSON, without times."""
    found = {}
    for label in NODES:
        if label != "Schema":
            found[label] = _rows(store, f"MATCH (n:{label}) RETURN properties(n)", left_out)
    for kind in sorted({rel.type for rel in RELATIONSHIPS.values()}):
        found[kind] = _rows(store, f"MATCH (a)-[r:{kind}]->(b) RETURN a.id, b.id, properties(r)", left_out)
    return {name: rows for name, rows in found.items() if rows}


def checksum(store: Store) -> tuple[dict[str, int], str]:
    """Counts by label and type, and a hash over all rows."""
    held = contents(store)
    text = json.dumps(held, sort_keys=True).encode()
    return {name: len(rows) for name, rows in held.items()}, hashlib.sha256(text).hexdigest()


def _rows(store: Store, cypher: str, left_out: tuple[str, ...]) -> list[str]:
    rows = []
    for row in store.read(cypher, timeout=None, limit=None).rows:
        *ends, properties = row
        kept = {k: v for k, v in properties.items() if k not in left_out and v is not None}
        rows.append(json.dumps([*ends, kept], sort_keys=True))
    return sorted(rows)
