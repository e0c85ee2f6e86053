"""Reads what DeepDecipher's API answers for a neuron: JSON with the drawing's nodes, and neurons that are alike.

Answered for `/api/{model}/neuron2graph/{layer}/{neuron}` and `/api/{model}/all/{layer}/{neuron}`. The nodes come from a
drawing of the 2023 script, so that they tell as little as it does, and less: neither where a match ends, nor of any but
the first column whether the neuron fires on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from ...schema import PublishedError
from .dot import NODES, THRESHOLDS, Drawing, DrawnNode, label_token

SERVICE = "neuron2graph"


@dataclass(frozen=True)
class Answer:
    """One neuron's."""

    drawing: Drawing
    similar: tuple[tuple[int, int, float], ...]
    """layer, index and overlap of neurons that are alike, as listed"""


def read_answer(value: Any, file: Path) -> Answer | None:
    """The graph in an answer; None where it says that there is none. Raises PublishedError."""
    data = _data(value)
    if data is None:
        return None
    graph = data.get("graph")
    nodes, columns = (graph.get("graph"), graph.get("subgraph_indices")) if isinstance(graph, Mapping) else (None, None)
    if not isinstance(nodes, list) or not isinstance(columns, list):
        raise PublishedError(f"{file}: no graph with nodes and subgraph_indices, as DeepDecipher's API answers it")
    if len(nodes) > NODES:
        raise PublishedError(f"{file}: more than {NODES:,} nodes; not a neuron's graph")
    first = columns[1] if len(columns) > 1 else len(nodes)
    if not _counts(first, len(nodes) + 1):
        raise PublishedError(f"{file}: subgraph_indices begin {columns[:2]!r}, expected places among the nodes")
    drawn = tuple(_node(file, number, node, number < first) for number, node in enumerate(nodes))
    edges = tuple((number, before) for number, node in enumerate(nodes) for before in _before(file, node, len(nodes)))
    return Answer(Drawing(drawn, edges), tuple(_similar(file, data.get("similar") or [])))


def _data(value: Any) -> Mapping[str, Any] | None:
    """What stands under `data`, of the one service or among all of them."""
    if isinstance(value, Mapping) and isinstance(value.get(SERVICE), Mapping):
        value = value[SERVICE]
    found = value.get("data") if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _node(file: Path, number: int, node: Any, activating: bool) -> DrawnNode:
    token, share = (node.get("token"), node.get("importance")) if isinstance(node, Mapping) else (None, None)
    if not isinstance(token, str) or isinstance(share, bool) or not isinstance(share, int | float):
        raise PublishedError(f"{file}: node {number}: expected token and importance")
    if not 0 <= share <= 1:
        raise PublishedError(f"{file}: node {number}: importance is {share!r}, expected 0 to 1")
    low = THRESHOLDS["activating" if activating else "context"]
    return DrawnNode(number, label_token(token), activating, low + (1 - low) * share, None)


def _before(file: Path, node: Any, nodes: int) -> list[int]:
    required = node.get("required", [])
    if not isinstance(required, list) or not all(_counts(place, nodes) for place in required):
        raise PublishedError(f"{file}: required is {required!r}, expected places among the {nodes} nodes")
    return required


def _similar(file: Path, listed: Any) -> Iterator[tuple[int, int, float]]:
    for one in listed if isinstance(listed, list) else [listed]:
        names = ("layer", "neuron", "similarity")
        layer, index, score = (one.get(name) for name in names) if isinstance(one, Mapping) else (None,) * 3
        if not (_counts(layer, 10**5) and _counts(index, 10**7) and isinstance(score, int | float)):
            raise PublishedError(f"{file}: similar holds {one!r}, expected layer, neuron and similarity")
        yield layer, index, float(score)


def _counts(value: Any, most: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < most
