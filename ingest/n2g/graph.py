"""The graph of one neuron: a prefix tree of tokens read backwards from the one on which the neuron fires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from ...schema import ModelError
from .settings import ALGORITHMS, Algorithm

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


class Columns(NamedTuple):
    """What predictions are made from, an entry a node."""

    words: Sequence[str]
    """all keys, each once; others may be among them"""
    parent: npt.NDArray[np.int64]
    match: npt.NDArray[np.int64]
    """place in MATCHES"""
    key: npt.NDArray[np.int64]
    """place in `words`"""
    ends: npt.NDArray[np.bool_]
    """whether a match may end there"""
    n: npt.NDArray[np.int64]
    """of the end; of no meaning where there is none, like `value`"""
    value: npt.NDArray[np.float64]

    @classmethod
    def of(cls, nodes: Sequence[Node]) -> Columns:
        """Of nodes that are there already."""
        parent, match, key, *_, ends = zip(*nodes, strict=True) if nodes else ((),) * len(Node._fields)
        numbers = {word: number for number, word in enumerate(dict.fromkeys(["", *key]))}
        kinds = {kind: place for place, kind in enumerate(MATCHES)}
        there = np.array([end is not None for end in ends], bool)
        n, value = ([0 if end is None else end[i] for end in ends] for i in (1, 0))
        return cls(
            list(numbers),
            np.array(parent, np.int64),
            np.array([kinds[each] for each in match], np.int64),
            np.array([numbers[each] for each in key], np.int64),
            there,
            np.array(n, np.int64),
            np.array(value, np.float64),
        )


class Graph:
    """Nodes, every parent before its children. Two equal graphs predict the same."""

    def __init__(self, nodes: Iterable[Node] = (), algorithm: Algorithm = "neuronkb") -> None:
        if algorithm not in ALGORITHMS:
            raise ModelError(f"algorithm is {algorithm!r}, expected {' or '.join(ALGORITHMS)}")
        self.algorithm = algorithm
        made = tuple(nodes)
        self._make: Callable[[], Iterable[Node]] = made.__iter__
        self.__dict__["nodes"] = made
        for number, node in enumerate(made):
            if not -1 <= node.parent < number:
                raise ModelError(f"node {number} has parent {node.parent}: expected one before it, or -1")

    @classmethod
    def laid(cls, columns: Columns, make: Callable[[], Iterable[Node]]) -> Graph:
        """Of columns; the nodes, which predicting does not look at, are made when somebody does."""
        graph = cls.__new__(cls)
        graph.algorithm, graph._make = "neuronkb", make
        graph.__dict__["columns"] = columns
        return graph

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """All of them; a node's number is its place."""
        return tuple(self._make())

    @cached_property
    def columns(self) -> Columns:
        """The same as arrays."""
        return Columns.of(self.nodes)

    def __len__(self) -> int:
        return len(self.columns.parent)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return (self.algorithm, self.nodes) == (other.algorithm, other.nodes)

    def __hash__(self) -> int:
        return hash((self.algorithm, self.nodes))

    def __repr__(self) -> str:
        return f"Graph({self.nodes!r}, {self.algorithm!r})"

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
