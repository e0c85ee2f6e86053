"""The trie that neuronkb builds: paths, whatever the order they come in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .graph import MATCHES, Graph, Match, Node


@dataclass(frozen=True)
class Step:
    """One token of a path, nearest to the firing token first."""

    match: Match
    key: str = ""
    token: str = ""
    """the exact text; a wildcard's too"""
    importance: float = 0.0


@dataclass
class _Branch:
    tokens: set[str] = field(default_factory=set)
    importance: float = 0.0
    children: dict[tuple[Match, str], _Branch] = field(default_factory=dict)


class Trie:
    """A set of paths."""

    def __init__(self) -> None:
        self._root = _Branch()

    def add(self, path: Iterable[Step]) -> None:
        """Lay a path. Of two paths over one node the larger importance stays."""
        branch = self._root
        for step in path:
            found = branch.children.get((step.match, step.key))
            if found is None:
                found = branch.children[step.match, step.key] = _Branch()
            found.tokens.add(step.token)
            found.importance = max(found.importance, step.importance)
            branch = found

    def graph(self) -> Graph:
        """Nodes by depth, then in the order of what they accept. No match may end yet: see calibrate."""
        nodes: list[Node] = []
        level = [(self._root, -1)]
        while level:
            below = []
            for branch, parent in level:
                for key in sorted(branch.children, key=_order):
                    child = branch.children[key]
                    below.append((child, len(nodes)))
                    nodes.append(Node(parent, *key, token=min(child.tokens), importance=child.importance))
            level = below
        return Graph(tuple(nodes), "neuronkb")


def _order(key: tuple[Match, str]) -> tuple[int, str]:
    return MATCHES.index(key[0]), key[1]
