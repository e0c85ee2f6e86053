"""What a graph's nodes predict: statistics of everything that was seen to match them, firing or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum

from .graph import End, Graph, Node
from .predict import Matcher


@dataclass(frozen=True)
class Observation:
    """The neuron's activations on some tokens of a text, as shares of its maximum, by position."""

    tokens: Sequence[str]
    values: Mapping[int, float]


def calibrate(
    graph: Graph,
    seen: Iterable[Observation],
    *,
    threshold: float = 0.5,
    weight: float = 1.0,
    base: float = 0.0,
) -> Graph:
    """The graph with an end on every word and anchor that some observation matches.

    What an end predicts is the mean of its observations drawn towards what its parent predicts, which counts for
    `weight` observations: (sum + weight x parent) / (n + weight); above the first node stands `base`. The order of the
    observations does not matter: sums are exact.
    """
    values: list[list[float]] = [[] for _ in graph.nodes]
    matcher = Matcher(graph)
    for one in seen:
        for at, value in one.values.items():
            for number in matcher.matched(one.tokens, at):
                values[number].append(value)
    nodes: list[Node] = []
    predicted: list[float] = []
    for node, found in zip(graph.nodes, values, strict=True):
        above = base if node.parent < 0 else predicted[node.parent]
        end = None if node.wild or not found else _end(found, threshold, weight, above)
        first = node.parent < 0
        activation = 0.0 if end is None or not first else end.mean
        kept = (node.parent, node.match, node.key, node.token, node.importance)
        nodes.append(Node(*kept, activation, first, end))
        predicted.append(above if end is None else end.value)
    return Graph(tuple(nodes), graph.algorithm)


def _end(values: Sequence[float], threshold: float, weight: float, above: float) -> End:
    n, total = len(values), fsum(values)
    value = fsum((total, weight * above)) / (n + weight)
    return End(value, n, total / n, max(values), sum(value >= threshold for value in values))


def simplify(graph: Graph, least: float) -> Graph:
    """Without the ends that are within `least` of the end before them, and what then leads nowhere.

    Predictions move by less than `least`, but where such an end had kept another path of equal length from deciding.
    """
    kept: set[int] = set()
    for number in range(len(graph) - 1, -1, -1):
        needed = any(child in kept for child in graph.children[number])
        if needed or _differs(graph, number, least):
            kept.add(number)
    places = {old: new for new, old in enumerate(sorted(kept))} | {-1: -1}
    return Graph(
        tuple(_under(graph.nodes[old], places[graph.nodes[old].parent]) for old in sorted(kept)),
        graph.algorithm,
    )


def _under(node: Node, parent: int) -> Node:
    return node if node.parent == parent else replace(node, parent=parent)


def _differs(graph: Graph, number: int, least: float) -> bool:
    end = graph.nodes[number].end
    if end is None:
        return False
    above = graph.nodes[number].parent
    while above >= 0:
        before = graph.nodes[above].end
        if before is not None:
            return abs(end.value - before.value) >= least
        above = graph.nodes[above].parent
    return end.value >= least
