"""The 2023 script's trie: how its lines are made, inserted and merged, with its faults.

First insertion wins: a path that is there keeps its importance, its activation and what it predicts. Siblings of a
wildcard are copied under it, and dropped unless a match may end on them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from .graph import End, Graph, Node
from .normal import normalise

Floats = npt.NDArray[Any]
ANY = "**IGNORE**"
"""Key of the wildcard among a node's children, the script's own."""


@dataclass(frozen=True)
class Element:
    """One token of a line."""

    token: str
    importance: float
    activation: float
    ignore: bool
    activator: bool

    @property
    def key(self) -> str:
        """What it is compared with."""
        return ANY if self.ignore else normalise(self.token)


@dataclass(frozen=True)
class Line:
    """A firing token and what is before it, nearest first."""

    elements: tuple[Element, ...]
    value: float
    """what a match of the whole line predicts"""


@dataclass
class _Branch:
    element: Element | None
    end: float | None = None
    children: dict[str, _Branch] = field(default_factory=dict)


def make_lines(
    tokens: Sequence[str],
    activations: Floats,
    importance: Floats,
    *,
    activation_threshold: float = 0.5,
    importance_threshold: float = 0.75,
    skip: Sequence[str] = ("<|endoftext|>",),
    known: Sequence[set[int]] | None = None,
) -> tuple[list[Line], list[set[int]]]:
    """One line for every token whose normalised activation is above the threshold.

    `activations` are `[t]`; `importance` is `[t, t]`, the effect of masking token i on the activation at j. `known` are
    the important positions that were found in the original of an augmented text, by position: they count as important
    whatever stands there now, also where a substitute of another length has shifted the rest, as in the script.
    Returned are the lines and these sets.
    """
    sets = [set[int]() for _ in tokens] if known is None else list(known)
    lines = []
    for at in range(len(tokens)):
        if activations[at] <= activation_threshold:
            continue
        before = [j for j in range(at, -1, -1) if tokens[j] not in skip]
        important = {j for j in before if importance[j, at] > importance_threshold}
        if known is None:
            sets[at] |= important
        elif at < len(sets):
            important |= sets[at]
        elements = [
            Element(
                tokens[j],
                float(importance[j, at]),
                float(activations[j]),
                j not in important and j != at,
                bool(activations[j] > activation_threshold),
            )
            for j in before
        ]
        while elements and elements[-1].ignore:
            elements.pop()
        if elements:
            lines.append(Line(tuple(elements), float(activations[at])))
    return lines, sets


class PaperTrie:
    """Takes lines in the order they come."""

    def __init__(self) -> None:
        self._root = _Branch(None)

    def add(self, line: Line) -> None:
        """Insert a line; what is there stays as it is."""
        _insert(self._root, line.elements, line.value)

    def graph(self) -> Graph:
        """The prediction trie, its wildcards merged. Nothing may be added afterwards."""
        _merge_wildcards(self._root)
        nodes: list[Node] = []
        waiting = deque([(self._root, -1)])
        while waiting:
            branch, number = waiting.popleft()
            for child in branch.children.values():
                waiting.append((child, len(nodes)))
                nodes.append(_node(child, number))
        return Graph(tuple(nodes), "paper")


def _insert(branch: _Branch, elements: Sequence[Element], value: float | None) -> None:
    """Lay a path under a branch; `value` None leaves its end open."""
    for element in elements:
        branch = branch.children.setdefault(element.key, _Branch(element))
    if branch.end is None:
        branch.end = value


def _merge_wildcards(root: _Branch) -> None:
    """Breadth first: where a node has a wildcard, what follows its siblings is also laid under the wildcard, and those
    siblings go on which no match may end."""
    waiting = deque([root])
    while waiting:
        branch = waiting.popleft()
        wildcard = branch.children.get(ANY)
        if wildcard is not None:
            for key, child in list(branch.children.items()):
                if child is wildcard:
                    continue
                for elements, value in _rests(child):
                    _insert(wildcard, elements, value)
                if child.end is None:
                    del branch.children[key]
        waiting.extend(branch.children.values())


def _rests(branch: _Branch, before: tuple[Element, ...] = ()) -> Iterator[tuple[tuple[Element, ...], float]]:
    """Every path below a branch that has a token before its end."""
    for child in branch.children.values():
        assert child.element is not None
        path = (*before, child.element)
        if child.end is not None:
            yield path, child.end
        yield from _rests(child, path)


def _node(branch: _Branch, parent: int) -> Node:
    found = branch.element
    assert found is not None
    end = None if branch.end is None else End(branch.end, 1, branch.end, branch.end, 1)
    kept = (found.token, found.importance, found.activation, found.activator, end)
    return Node(parent, "any", "", *kept) if found.ignore else Node(parent, "token", found.key, *kept)
