"""What two runs must agree on: every row of the graph, every row of the bundles, and nothing left lying about."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neuronkb.ingest.bundle import Bundle
from neuronkb.kb.stores.base import Store
from neuronkb.schema import NODES, RELATIONSHIPS, NeuronKBError
from neuronkb.tests.graph import TIMES, contents

from .places import LIVE, Place

OF_A_RUN = {node.label for node in NODES.values() if any(prop.name == "run" for prop in node.properties)} - {"Shard"}
EVIDENCE = OF_A_RUN | {rel.type for rel in RELATIONSHIPS.values() if rel.evidence}
"""Labels and types of which each row is a run's."""


@dataclass(frozen=True)
class State:
    """What a store and its bundles hold."""

    rows: dict[str, tuple[int, str]]
    """Rows of each label and type, and a hash over them."""
    records: dict[str, int]
    """The store's own counts: a relationship that hangs on one end only is in these."""
    ends: dict[str, int]
    """Relationships by type as their end nodes list them."""
    bundles: dict[str, str]
    """A hash of each bundle's rows and run by folder, or what is wrong with it."""
    files: tuple[str, ...]
    """All files but the database's and locks."""

    def against(self, other: State) -> list[str]:
        """How this state differs from another, one line a part."""
        found = []
        for name, own, its in (
            ("graph", self.rows, other.rows),
            ("records", self.records, other.records),
            ("incoming", self.ends, other.ends),
            ("bundle", self.bundles, other.bundles),
        ):
            found += [f"{name} {key}: {told}" for key, told in _differences(own, its)]
        left = sorted(set(self.files) - set(other.files))
        gone = sorted(set(other.files) - set(self.files))
        return found + [f"left behind: {name}" for name in left] + [f"missing: {name}" for name in gone]


def state(place: Place) -> State:
    """What is there now."""
    with place.open() as store:
        held = contents(store)
        status = store.status()
        ends = incoming(store)
    rows = {name: (len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()) for name, lines in held.items()}
    bundles = {str(path.relative_to(place.root)): digest(path) for path in sorted(place.root.glob("bundles/*"))}
    records = {name: count for name, count in {**status.nodes, **status.relationships}.items() if name in rows}
    return State(rows, records, ends, bundles, tuple(sorted(_files(place.root))))


def evidence(place: Place) -> set[str]:
    """Every row of the graph that is evidence of some run, as text."""
    with place.open() as store:
        return {f"{name} {line}" for name, lines in contents(store).items() if name in EVIDENCE for line in lines}


def incoming(store: Store) -> dict[str, int]:
    """Relationships of each type as seen from their ends."""
    found: dict[str, int] = {}
    present = store.status().nodes
    for kind, end in sorted({(rel.type, rel.end) for rel in RELATIONSHIPS.values() if rel.end in present}):
        text = f"MATCH (n:{end}) RETURN sum(COUNT {{ (n)<-[:{kind}]-() }})"
        found[kind] = found.get(kind, 0) + int(store.read(text, timeout=None).rows[0][0] or 0)
    return {kind: count for kind, count in found.items() if count}


def digest(folder: Path) -> str:
    """A hash over a bundle's run and rows, whatever their order; times left out. Its faults where it has any."""
    try:
        bundle = Bundle.open(folder)
        if faults := bundle.check():
            return "; ".join(faults)
        run = {name: value for name, value in asdict(bundle.run).items() if name not in TIMES}
        tables = sorted({entry.table for shard in bundle.shards.values() for entry in shard.files})
        rows = [sorted(_text(row) for part in bundle.tables(name) for row in part.to_pylist()) for name in tables]
    except NeuronKBError as error:
        return f"{type(error).__name__}: {error}"
    return hashlib.sha256(json.dumps([_text(run), tables, rows]).encode()).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _files(root: Path) -> Iterator[str]:
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_file() and name.split(os.sep)[0] not in (*LIVE, "changes") and not name.endswith("lock"):
            yield name


def _differences(own: dict[str, Any], its: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key in sorted({*own, *its}):
        if own.get(key) != its.get(key):
            yield key, f"{_short(own.get(key))} instead of {_short(its.get(key))}"


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:,} rows ({value[1][:8]})"
    return "none" if value is None else str(value) if len(str(value)) < 64 else f"{str(value)[:200]}"
