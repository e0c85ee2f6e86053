"""Texts as numbers of words, one after another: many positions are looked at in one sweep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt

from ...schema import fold

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    """Laid so that one step back in a text is one place back here; before each text is a place without a word."""

    words: Ints
    """number of each word; one that has none has the number behind all"""
    folded: Ints
    """the same of the words' folded forms, empty where nobody asks"""
    place: Ints
    """position in its own text; -1 before it"""
    ends: Ints
    """where each text ends"""

    @classmethod
    def of(cls, texts: Sequence[Sequence[str]], numbers: Mapping[str, int], folding: bool = False) -> Texts:
        """Tokens by their numbers, which begin with 0."""
        lengths = np.array([len(tokens) + 1 for tokens in texts], np.int64)
        ends = np.cumsum(lengths)
        place = np.arange(lengths.sum()) - np.repeat(ends - lengths, lengths) - 1
        tokens = list(chain.from_iterable(texts))
        words = _laid(tokens, numbers, place)
        return cls(words, _laid(map(folded, tokens), numbers, place) if folding else words[:0], place, ends)

    @property
    def tokens(self) -> Ints:
        """Every position that has a word."""
        return np.flatnonzero(self.place >= 0)


def _laid(tokens: Iterable[str], numbers: Mapping[str, int], place: Ints) -> Ints:
    unknown = len(numbers)
    found = np.full(len(place), unknown)
    found[place >= 0] = np.fromiter(map(numbers.get, tokens, repeat(unknown)), np.int64)
    return found


@lru_cache(2**18)
def folded(token: str) -> str:
    """A token's folded form: the same tokens come again and again."""
    return fold(token)


def find(codes: Ints, wanted: Ints) -> Ints:
    """Where each number stands among ascending ones; -1 for one that is not there."""
    if not len(codes):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[at] == wanted, at, -1)
