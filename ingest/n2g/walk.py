"""Every path of a graph tried at many positions at once, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from .graph import GAP, MATCHES, Match
from .texts import Ints, Texts, find

EXACT, FOLDED = 4, 3
"""What a word of a path counts for in how specific the path is: one in any spelling for less."""

Way = tuple[Ints, Ints, Ints, int]
"""Which go on, the nodes they come to, the positions left of these, and what that counts for."""


class Walker:
    """The paths of a graph."""

    def __init__(self, words: Sequence[str], parent: Ints, match: Ints, key: Ints) -> None:
        """Of each node its parent, its place in MATCHES and that of its key in `words`."""
        self._numbers = {word: number for number, word in enumerate(words)}
        self._inner = np.zeros(len(parent), bool)
        self._inner[parent[parent >= 0]] = True
        self._kinds: dict[Match, tuple[Ints, Ints]] = {}
        for place, kind in enumerate(MATCHES):
            nodes = np.flatnonzero(match == place)
            if len(nodes):
                codes = self._codes(parent[nodes], key[nodes])
                order = np.argsort(codes, kind="stable")
                self._kinds[kind] = codes[order], nodes[order]

    @property
    def loose(self) -> bool:
        """Whether one node may match at a position in several ways."""
        return "gap" in self._kinds

    def lay(self, texts: Sequence[Sequence[str]]) -> Texts:
        """Texts in the numbers of the graph's words."""
        return Texts.of(texts, self._numbers, folding="fold" in self._kinds)

    def walk(self, texts: Texts, at: Ints) -> Iterator[tuple[Ints, Ints, Ints]]:
        """Which of the positions `at`, a node that matches there, and how specific its path is: once for each way it
        does, step by step."""
        which, node, specific = np.arange(len(at)), np.full(len(at), -1), np.zeros(len(at), np.int64)
        while len(which):
            ways = list(self._next(texts, node, at))
            specific = np.concatenate([specific[rows] + gain for rows, _, _, gain in ways])
            which = np.concatenate([which[rows] for rows, *_ in ways])
            node, at = (np.concatenate([way[part] for way in ways]) for part in (1, 2))
            yield which, node, specific
            inner = self._inner[node]
            which, node, at, specific = which[inner], node[inner], at[inner], specific[inner]

    def _next(self, texts: Texts, node: Ints, at: Ints) -> Iterator[Way]:
        """Children that accept what stands at each position."""
        inside = texts.place[at] >= 0
        empty = np.full(len(at), self._numbers[""])
        yield self._way("token", node, texts.words[at], inside, at - 1, EXACT)
        if "fold" in self._kinds:
            yield self._way("fold", node, texts.folded[at], inside, at - 1, FOLDED)
        if "any" in self._kinds:
            yield self._way("any", node, empty, inside, at - 1, 0)
        for skipped in range(GAP + 1) if self.loose else ():
            yield self._way("gap", node, empty, inside & (texts.place[at] + 1 >= skipped), at - skipped, 0)
        if "start" in self._kinds:
            yield self._way("start", node, empty, ~inside, at, EXACT)

    def _way(self, kind: Match, node: Ints, key: Ints, allowed: npt.NDArray[np.bool_], left: Ints, gain: int) -> Way:
        if kind not in self._kinds:
            return left[:0], left[:0], left[:0], gain
        codes, nodes = self._kinds[kind]
        found = find(codes, self._codes(node, key))
        rows = np.flatnonzero(allowed & (found >= 0))
        return rows, nodes[found[rows]], left[rows], gain

    def _codes(self, node: Ints, key: Ints) -> Ints:
        """One number for each node and key; of no node's children where the key is of no word."""
        return (node + 1) * (len(self._numbers) + 1) + key
