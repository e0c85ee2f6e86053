"""What a graph says of a text: one activation a token, as a share of the neuron's maximum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ...schema import fold
from .graph import GAP, End, Graph
from .normal import normalise

Floats = npt.NDArray[np.float64]


class Predictor(Protocol):
    """Anything that predicts one neuron."""

    def predict(self, tokens: Sequence[str]) -> Floats:
        """One value a token, float64 `[t]`."""


class PaperMatcher:
    """The script's walk: the exact child, else the wildcard, else it stops; the last end it passed counts.

    It never goes back, so a word that has its own node and leads nowhere hides the wildcard beside it.
    """

    def __init__(self, graph: Graph) -> None:
        self._words, self._any = _indexed(graph)
        self._nodes = graph.nodes

    def predict(self, tokens: Sequence[str]) -> Floats:
        """0 where nothing matches."""
        words = [normalise(token) for token in tokens]
        return np.array([self._walk(words, at) for at in range(len(words))], np.float64)

    def _walk(self, words: Sequence[str], at: int) -> float:
        number, found = -1, 0.0
        for j in range(at, -1, -1):
            number = self._words[number].get(words[j], self._any[number])
            if number < 0 or (j == at and not self._nodes[number].activates):
                break
            end = self._nodes[number].end
            if end is not None:
                found = end.value
        return found


class Matcher:
    """Every path is tried. The most specific match counts: the one with most exact words, a word in any spelling
    counting for less; of equals the one with more examples, then the one that predicts more."""

    def __init__(self, graph: Graph, base: float = 0.0) -> None:
        self.base = base
        """what is predicted where nothing matches"""
        self._graph = graph
        self._words, self._any = _indexed(graph)
        self._folds, self._gaps, self._starts = (_keyed(graph, match) for match in ("fold", "gap", "start"))
        self._inner = [bool(below) for below in graph.children]
        special = zip(self._folds, self._gaps, self._starts, strict=True)
        self._plain = [not (folds or gaps or starts) for folds, gaps, starts in special]
        """of each node, whether below it are only words and a wildcard"""

    def predict(self, tokens: Sequence[str]) -> Floats:
        """`base` where nothing matches."""
        found = [self.best(tokens, at) for at in range(len(tokens))]
        return np.array([self.base if end is None else end.value for end in found], np.float64)

    def begins(self, token: str) -> bool:
        """Whether some path begins with this token: without one nothing matches at it."""
        return (
            token in self._words[-1] or folded(token) in self._folds[-1] or self._any[-1] >= 0 or bool(self._gaps[-1])
        )

    def best(self, tokens: Sequence[str], at: int) -> End | None:
        """The end that decides at a position; None where nothing matches."""
        found = self.deciding(tokens, at)
        return None if found is None else self._graph.nodes[found].end

    def deciding(self, tokens: Sequence[str], at: int) -> int | None:
        """Number of the node that decides at a position."""
        best, which = None, None
        for number, specific in self.matches(tokens, at):
            end = self._graph.nodes[number].end
            if end is None:
                continue
            rank = (specific, end.n, end.value, -number)
            if best is None or rank > best:
                best, which = rank, number
        return which

    def matched(self, tokens: Sequence[str], at: int) -> set[int]:
        """Every node that matches at a position."""
        found: set[int] = set()
        waiting = [(-1, at)]
        while waiting:
            number, j = waiting.pop()
            if not self._plain[number]:
                ways = [(child, left) for child, left, _ in self._next(number, tokens, j)]
            elif j >= 0:
                ways = [(child, j - 1) for child in (self._words[number].get(tokens[j], -1), self._any[number])]
            else:
                ways = []
            for child, left in ways:
                if child >= 0:
                    found.add(child)
                    if self._inner[child]:
                        waiting.append((child, left))
        return found

    def matches(self, tokens: Sequence[str], at: int) -> Iterator[tuple[int, float]]:
        """Every node that matches at a position, once for each way it does, with how specific its path is."""
        waiting = [(-1, at, 0.0)]
        while waiting:
            number, j, specific = waiting.pop()
            for child, left, gain in self._next(number, tokens, j):
                yield child, specific + gain
                waiting.append((child, left, specific + gain))

    def _next(self, number: int, tokens: Sequence[str], j: int) -> Iterator[tuple[int, int, float]]:
        """Children that accept what stands at position `j`: number, the position left of it, and their worth."""
        if j < 0:
            if self._starts[number]:
                yield self._starts[number][""], j, EXACT
            return
        if (child := self._words[number].get(tokens[j])) is not None:
            yield child, j - 1, EXACT
        if self._folds[number] and (child := self._folds[number].get(folded(tokens[j]))) is not None:
            yield child, j - 1, FOLDED
        if (child := self._any[number]) >= 0:
            yield child, j - 1, 0.0
        if self._gaps[number]:
            for skipped in range(min(GAP, j + 1) + 1):
                yield self._gaps[number][""], j - skipped, 0.0


@lru_cache(2**18)
def folded(token: str) -> str:
    """A token's folded form: the same tokens come again and again."""
    return fold(token)


EXACT, FOLDED = 1.0, 0.75
"""What a word of a path counts for in how specific the path is."""


def predictor(graph: Graph, base: float = 0.0) -> Predictor:
    """The walk that belongs to the graph's algorithm; `base` is what neuronkb's predicts where nothing matches."""
    return PaperMatcher(graph) if graph.algorithm == "paper" else Matcher(graph, base)


def _indexed(graph: Graph) -> tuple[list[dict[str, int]], list[int]]:
    """Of each node, the root last: its children by exact key, and its wildcard or -1."""
    wild = [-1] * (len(graph) + 1)
    for number, node in enumerate(graph.nodes):
        if node.match == "any":
            wild[node.parent] = number
    return _keyed(graph, "token"), wild


def _keyed(graph: Graph, match: str) -> list[dict[str, int]]:
    found: list[dict[str, int]] = [{} for _ in range(len(graph) + 1)]
    for number, node in enumerate(graph.nodes):
        if node.match == match:
            found[node.parent][node.key] = number
    return found
