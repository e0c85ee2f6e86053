"""What a graph says of a text: one activation a token, as a share of the neuron's maximum."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .graph import Graph
from .normal import normalise
from .walk import Walker

Floats = npt.NDArray[np.float64]


class Predictor(Protocol):
    """Anything that predicts one neuron."""

    def predict(self, tokens: Sequence[str]) -> Floats:
        """One value a token, float64 `[t]`."""


class Predicting(ABC):
    """What predicts many texts at once."""

    @abstractmethod
    def predict_all(self, texts: Sequence[Sequence[str]]) -> Floats:
        """One value a token, text after text, float64 `[all tokens]`."""

    def predict(self, tokens: Sequence[str]) -> Floats:
        """One value a token, float64 `[t]`."""
        return self.predict_all([tokens])


class PaperMatcher(Predicting):
    """The script's walk: the exact child, else the wildcard, else it stops; the last end it passed counts.

    It never goes back, so a word that has its own node and leads nowhere hides the wildcard beside it.
    """

    def __init__(self, graph: Graph) -> None:
        self._words: list[dict[str, int]] = [{} for _ in range(len(graph) + 1)]
        self._any = [-1] * (len(graph) + 1)
        for number, node in enumerate(graph.nodes):
            if node.match == "any":
                self._any[node.parent] = number
            elif node.match == "token":
                self._words[node.parent][node.key] = number
        self._nodes = graph.nodes

    def predict_all(self, texts: Sequence[Sequence[str]]) -> Floats:
        """0 where nothing matches."""
        normal = [[_normal(token) for token in tokens] for tokens in texts]
        return np.array([self._walk(words, at) for words in normal for at in range(len(words))], np.float64)

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


_normal = lru_cache(2**16)(normalise)


class Matcher(Predicting):
    """Every path is tried. The most specific match counts: the one with most exact words, a word in any spelling
    counting for less; of equals the one with more examples, then the one that predicts more."""

    def __init__(self, graph: Graph, base: float = 0.0) -> None:
        words, parent, match, key, there, n, value = graph.columns
        self._walker = Walker(words, parent, match, key)
        ends = np.flatnonzero(there)
        ends = ends[np.lexsort((-ends, value[ends], n[ends]))]
        self._values = np.append(value[ends], base)
        """what ends predict, weakest end first; last what is predicted where nothing matches"""
        self._rank = np.full(len(parent), -1)
        self._rank[ends] = np.arange(len(ends))

    def predict_all(self, texts: Sequence[Sequence[str]]) -> Floats:
        """`base` where nothing matches."""
        laid = self._walker.lay(texts)
        best = np.full(len(laid.tokens), -1)
        size = len(self._values)
        for which, node, specific in self._walker.walk(laid, laid.tokens):
            rank = self._rank[node]
            ends = rank >= 0
            np.maximum.at(best, which[ends], specific[ends] * size + rank[ends])
        return self._values[np.where(best < 0, -1, best % size)]


def predictor(graph: Graph, base: float = 0.0) -> Predicting:
    """The walk that belongs to the graph's algorithm; `base` is what neuronkb's predicts where nothing matches."""
    return PaperMatcher(graph) if graph.algorithm == "paper" else Matcher(graph, base)
