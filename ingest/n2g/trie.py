"""The trie that neuronkb builds: paths, whatever the order they come in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .graph import MATCHES, Match
from .texts import Ints, Texts
from .tree import Tree

Floats = npt.NDArray[np.float64]
NONE = -1
"""What a path has behind its end."""


class Step(NamedTuple):
    """One token of a path, nearest to the firing token first."""

    match: Match
    key: str = ""
    token: str = ""
    """the exact text; a wildcard's too"""
    importance: float = 0.0


class Trie:
    """A set of paths. Of two over one node the larger importance stays, and the token that is first by its letters."""

    def __init__(self) -> None:
        self._paths: list[list[Step]] = []
        self._texts: list[Sequence[str]] = []
        self._firing: set[str] = set()
        self._longest = 0

    def add(self, path: Iterable[Step]) -> None:
        """Lay a path."""
        self._paths.append(list(path))

    def add_seen(self, texts: Iterable[Sequence[str]], firing: Collection[str], longest: int) -> None:
        """Lay the exact path of what is before every token of the texts that is among `firing`."""
        self._texts, self._firing, self._longest = list(texts), set(firing), longest

    def tree(self) -> Tree:
        """The nodes, level by level. No match may end yet: see calibrate."""
        words = sorted(
            {"", *(text for step in chain(*self._paths) for text in (step.key, step.token))}.union(*self._texts)
        )
        codes, tokens, importance = self._rows({word: number for number, word in enumerate(words)})
        kinds = len(MATCHES) * len(words)
        none = np.zeros(0, np.int64)
        columns: list[tuple[npt.NDArray[Any], ...]] = [(none, none, none, none, np.zeros(0))]
        above, bounds = np.full(len(codes), -1), [0]
        for depth in range(codes.shape[1]):
            on = np.flatnonzero(codes[:, depth] != NONE)
            found, node = np.unique((above[on] + 1) * kinds + codes[on, depth], return_inverse=True)
            token, lost = np.full(len(found), len(words)), np.zeros(len(found))
            np.minimum.at(token, node, tokens[on, depth])
            np.maximum.at(lost, node, importance[on, depth])
            match, key = np.divmod(found % kinds, len(words))
            columns.append((found // kinds - 1, match, key, token, lost))
            above[on] = bounds[-1] + node
            bounds.append(bounds[-1] + len(found))
        levels = tuple(slice(*pair) for pair in pairwise(bounds))
        parent, match, key, token, lost = (np.concatenate(column) for column in zip(*columns, strict=True))
        return Tree(words, levels, parent, match, key, token, lost)

    def _rows(self, numbers: dict[str, int]) -> tuple[Ints, Ints, Floats]:
        """What the steps of each path accept, their tokens and importance: a row a path."""
        seen = self._seen(numbers)
        lengths = np.array([len(path) for path in self._paths], np.int64)
        shape = len(lengths) + len(seen), max([*lengths.tolist(), seen.shape[1]])
        codes, tokens, importance = np.full(shape, NONE), np.full(shape, NONE), np.zeros(shape)
        codes[len(lengths) :, : seen.shape[1]] = tokens[len(lengths) :, : seen.shape[1]] = seen
        steps = list(chain(*self._paths))
        laid = np.arange(shape[1]) < lengths[:, None]
        own = slice(len(lengths))
        kinds = {kind: place * len(numbers) for place, kind in enumerate(MATCHES)}
        codes[own][laid] = [kinds[step.match] + numbers[step.key] for step in steps]
        tokens[own][laid] = [numbers[step.token] for step in steps]
        importance[own][laid] = [step.importance for step in steps]
        return codes, tokens, importance

    def _seen(self, numbers: dict[str, int]) -> Ints:
        """Words of the exact paths, whose number is also what an exact step of them accepts."""
        texts = Texts.of(self._texts, numbers)
        fires = np.zeros(len(numbers) + 1, bool)
        fires[[numbers[word] for word in self._firing]] = True
        at = np.flatnonzero((texts.place >= 0) & fires[texts.words])
        back = np.arange(self._longest)
        return np.where(texts.place[at, None] >= back, texts.words[at[:, None] - back], NONE)
