"""The graph around a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schema import NeuronId, QueryError
from ..catalogue.query import Reader, query
from ..result.result import Result

if TYPE_CHECKING:
    import networkx as nx

FARTHEST = 4
"""Hops at most."""
EXPANDED = 200
"""Nodes asked for at a time."""


def subgraph(reader: Reader, neuron: NeuronId, hops: int, each: int, most: int) -> nx.MultiDiGraph[str]:
    """Breadth first from the neuron: of each node and relationship type the `each` strongest, until `hops` steps or
    `most` nodes are reached; edges between nodes that were left out are left out. Raises QueryError."""
    if not 1 <= hops <= FARTHEST or each < 1 or most < 1:
        raise QueryError(f"hops is {hops!r}, expected 1 to {FARTHEST}, with each and most of 1 or more")
    seen, frontier = {str(neuron)}, [str(neuron)]
    rows: list[tuple[object, ...]] = []
    for _ in range(hops):
        reached: dict[str, None] = {}
        for start in range(0, len(frontier), EXPANDED):
            found = query("around").run(reader, nodes=frontier[start : start + EXPANDED], each=each)
            for node, relationship, other in found.rows:
                name = other.properties["id"]
                if name not in seen and len(seen) >= most:
                    continue
                if name not in seen:
                    seen.add(name)
                    reached[name] = None
                rows.append((node, relationship, other))
        frontier = list(reached)
    if not rows and not query("neuron").run(reader, neuron=str(neuron)).rows:
        raise QueryError(f"no neuron {str(neuron)!r} in the store; neuronkb models shows which models are")
    graph = Result(("node", "relationship", "other"), rows).to_networkx()
    graph.add_node(str(neuron))
    return graph
