"""A graph while it is made: its nodes as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from .graph import MATCHES, Columns, End, Graph, Node

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ends:
    """Where matches may end, an entry a node: see graph.End."""

    value: Floats
    """of a node where no match may end, that of the one above it"""
    n: Ints
    """0 where no match may end"""
    mean: Floats
    high: Floats
    fired: Ints


@dataclass(frozen=True)
class Tree:
    """Nodes, an entry each, by depth, then by parent, then in the order of what they accept."""

    words: Sequence[str]
    """all keys and tokens, sorted; the arrays have their numbers"""
    levels: tuple[slice, ...]
    """the nodes of each depth"""
    parent: Ints
    match: Ints
    """place in MATCHES"""
    key: Ints
    token: Ints
    importance: Floats
    ends: Ends | None = None
    """None before anything was counted"""

    def __len__(self) -> int:
        return len(self.parent)

    def take(self, kept: npt.NDArray[np.bool_]) -> Tree:
        """Some of the nodes, with all that are above them; bool `[n]`."""
        places = np.append(np.cumsum(kept) - 1, -1)
        some = {name: getattr(self, name)[kept] for name in ("match", "key", "token", "importance")}
        bounds = np.append(0, np.cumsum([int(kept[level].sum()) for level in self.levels])).tolist()
        levels = tuple(slice(*pair) for pair in pairwise(bounds))
        ends = None if self.ends is None else Ends(*(getattr(self.ends, f.name)[kept] for f in fields(Ends)))
        return replace(self, parent=places[self.parent[kept]], levels=levels, ends=ends, **some)

    def graph(self) -> Graph:
        """As it is handed out."""
        none = np.zeros(len(self), np.int64)
        n, value = (none, none.astype(float)) if self.ends is None else (self.ends.n, self.ends.value)
        return Graph.laid(Columns(self.words, self.parent, self.match, self.key, n > 0, n, value), self.nodes)

    def nodes(self) -> Iterator[Node]:
        """A word on which paths begin activates, as strongly as the mean of what matched it."""
        ends, words = self._ends(), self.words
        columns = [self.parent, self.match, self.key, self.token, self.importance, self.parent < 0]
        parent, match, key, token, importance, first = (column.tolist() for column in columns)
        activation = [end.mean if on and end else 0.0 for on, end in zip(first, ends, strict=True)]
        kinds, keys, tokens = (
            [names[i] for i in some] for names, some in ((MATCHES, match), (words, key), (words, token))
        )
        rows = zip(parent, kinds, keys, tokens, importance, activation, first, ends, strict=True)
        return map(Node._make, rows)

    def _ends(self) -> list[End | None]:
        if self.ends is None:
            return [None] * len(self)
        columns = [getattr(self.ends, field.name).tolist() for field in fields(Ends)]
        return [end if end.n else None for end in map(End._make, zip(*columns, strict=True))]
