"""An older store's rows in the form of schema version 2: the part of a migration that is done in the store.

Every statement leaves alone what has the new form, so that what was cut off is simply begun again. What a server can do
by itself never travels. `schema/older_rows.py` does the same to the rows of bundles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..schema.levels import MOST, STEPS
from . import headlines
from .stores.base import Store

UNITS = 100
"""Neurons or latents in a statement: each has some fifty windows."""
GRAPHS = 2_000

Progress = Callable[[str, int, int], None]
"""Told the step, things done and things in all."""

FIRING = {
    label: f"MATCH (n:{label}) WHERE EXISTS {{ (n)-[:FIRES_ON]->() }} RETURN n.id AS id"
    for label in ("Neuron", "Latent")
}
LEVELS = {
    label: f"""
UNWIND $ids AS id
MATCH (n:{label} {{id: id}})-[f:FIRES_ON]->(:Excerpt)
WHERE f.activations IS NOT NULL
WITH f, reduce(most = 0.0, v IN f.activations | CASE WHEN abs(v) > most THEN abs(v) ELSE most END) AS largest
WITH f, CASE WHEN f.activation > 0 AND f.activation / $steps > largest / $most THEN f.activation / $steps
             WHEN f.activation > 0 THEN largest / $most
             ELSE largest / $steps END AS unit
WITH f, unit, [v IN f.activations | CASE WHEN unit > 0 THEN toInteger(floor(v / unit + 0.5)) ELSE 0 END] AS numbers
SET f.levels = reduce(text = toString(numbers[0]), x IN tail(numbers) | text + ' ' + toString(x)),
    f.unit = CASE WHEN size(numbers) > 0 THEN unit ELSE null END, f.activations = null
RETURN count(f) AS rows
"""
    for label in ("Neuron", "Latent")
}
"""`schema.levels`, step by step, in Cypher: the same texts of the same values."""

COUNTED = """
MATCH (x:GraphNode)
WITH split(x.id, '/') AS parts, x.id AS id
RETURN substring(id, 0, size(id) - size(parts[size(parts) - 1]) - 1) AS graph, count(*) AS nodes
"""
NODES = "UNWIND range(0, size($ids) - 1) AS i MATCH (g:Graph {id: $ids[i]}) SET g.nodes = $nodes[i]"
EMPTY = "MATCH (g:Graph) WHERE g.nodes IS NULL AND coalesce(g.lossy, false) = false SET g.nodes = 0"
"""A graph without nodes; one of which the drawing is missing stays without a number."""


def rewrite(store: Store, progress: Progress = lambda step, done, total: None) -> None:
    """Bring all rows to the new form: FIRES_ON's values, the nodes of graphs, the headlines of explanations."""
    windows(store, progress)
    graph_nodes(store, progress)
    progress("scores of explanations", 0, 1)
    headlines.fill(store)
    progress("scores of explanations", 1, 1)


def windows(store: Store, progress: Progress) -> None:
    """Lists of activations become levels."""
    for label in FIRING:
        ids = [row[0] for row in store.read(FIRING[label], timeout=None, limit=None).rows]
        for done, some in _batches(ids, UNITS):
            progress(f"windows of {label.casefold()}s", done, len(ids))
            store.write(LEVELS[label], {"ids": some, "steps": float(STEPS), "most": float(MOST)})


def graph_nodes(store: Store, progress: Progress) -> None:
    """Graphs say how many nodes they have."""
    found = store.read(COUNTED, timeout=None, limit=None).rows
    for done, some in _batches(found, GRAPHS):
        progress("nodes of graphs", done, len(found))
        store.write(NODES, {"ids": [graph for graph, _ in some], "nodes": [count for _, count in some]})
    store.write(EMPTY)


def _batches(rows: Sequence[Any], size: int) -> Iterator[tuple[int, list[Any]]]:
    for start in range(0, len(rows), size):
        yield start, list(rows[start : start + size])
