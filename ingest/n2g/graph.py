"""The graph of one neuron: a prefix tree of tokens read backwards from the one on which the neuron fires."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from ...schema import ModelError

Algorithm = Literal["neuronkb", "paper"]
ALGORITHMS: tuple[Algorithm, ...] = ("neuronkb", "paper")

Match = Literal["token", "fold", "any", "gap", "start"]
"""What a node accepts: `token` one exact text, `fold` one word in any case and spacing, `any` one token whatever it is,
`gap` up to GAP tokens whatever they are, `start` the beginning of the text."""
MATCHES: tuple[Match, ...] = ("token", "fold", "any", "gap", "start")
GAP = 8
"""The most tokens that a gap skips."""


class End(NamedTuple):
    """What is known of the neuron where a match may end. Activations are shares of the neuron's maximum."""

    value: float
    """what the match predicts"""
    n: int = 1
    """examples that went into it"""
    mean: float = 0.0
    """of their activations"""
    high: float = 0.0
    """largest of them"""
    fired: int = 0
    """how many reached the firing threshold"""


class Node(NamedTuple):
    """One token of a path. A graph has thousands: a tuple is made five times as fast as a frozen dataclass."""

    parent: int
    """number of the node one token nearer to the firing one; -1 where paths begin"""
    match: Match
    key: str
    """what the token is compared with; empty for wildcards and anchors"""
    token: str
    """the exact text as it was first seen; a wildcard's too, where one was seen in its place"""
    importance: float = 0.0
    """share of the activation that was lost when the token was masked; not clipped"""
    activation: float = 0.0
    """the neuron's own activation on this token"""
    activates: bool = False
    """whether that activation reaches the firing threshold"""
    end: End | None = None
    """None where no match may end"""

    @property
    def wild(self) -> bool:
        """Whether it accepts more than one word."""
        return self.match in ("any", "gap")


@dataclass(frozen=True)
class Graph:
    """Nodes, every parent before its children. Two equal graphs predict the same."""

    nodes: tuple[Node, ...]
    algorithm: Algorithm = "neuronkb"

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ModelError(f"algorithm is {self.algorithm!r}, expected {' or '.join(ALGORITHMS)}")
        for number, node in enumerate(self.nodes):
            if not -1 <= node.parent < number:
                raise ModelError(f"node {number} has parent {node.parent}: expected one before it, or -1")

    def __len__(self) -> int:
        return len(self.nodes)

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Numbers of each node's children; those of the root come last."""
        found: list[list[int]] = [[] for _ in range(len(self.nodes) + 1)]
        for number, node in enumerate(self.nodes):
            found[node.parent].append(number)
        return tuple(map(tuple, found))

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """Steps from the firing token, which has 0."""
        found: list[int] = []
        for node in self.nodes:
            found.append(0 if node.parent < 0 else found[node.parent] + 1)
        return tuple(found)

    def path(self, number: int) -> tuple[Node, ...]:
        """From the firing token to a node."""
        found = []
        while number >= 0:
            found.append(self.nodes[number])
            number = self.nodes[number].parent
        return tuple(reversed(found))

    def paths(self) -> Iterator[tuple[Node, ...]]:
        """Every path on which a match may end."""
        return (self.path(i) for i, node in enumerate(self.nodes) if node.end is not None)

    @cached_property
    def activating(self) -> dict[str, Node]:
        """The strongest node of each word that the neuron fires on, by the key it is compared with."""
        return _strongest(node for node in self._words if node.activates)

    @cached_property
    def context(self) -> dict[str, Node]:
        """The most important node of each word that a firing depends on and that does not itself activate."""
        return _strongest(node for node in self._words if not node.activates)

    @property
    def _words(self) -> Iterator[Node]:
        return (node for node in self.nodes if node.match in ("token", "fold"))


def _strongest(nodes: Iterator[Node]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for node in nodes:
        held = found.get(node.key)
        if held is None or (node.activation, node.importance) > (held.activation, held.importance):
            found[node.key] = node
    return found
