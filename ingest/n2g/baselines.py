"""What a graph is held against: tables of tokens and of token sequences, made from the same windows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .predict import Predicting
from .sums import exact_sums, grouped
from .texts import Ints, Texts, find

Floats = npt.NDArray[np.float64]
Text = tuple[Sequence[str], Floats]
"""Tokens and the neuron's activation on each, as shares of its maximum."""


@dataclass(frozen=True)
class Seen:
    """The building windows, in which all lookups look."""

    numbers: Mapping[str, int]
    """of the words that were there"""
    texts: Texts
    values: Floats
    """at each token"""

    @classmethod
    def of(cls, texts: Iterable[Text]) -> Seen:
        """From tokens and activations."""
        tokens, values = zip(*texts, strict=True) if (texts := list(texts)) else ((), ())
        numbers = {token: number for number, token in enumerate(dict.fromkeys(t for each in tokens for t in each))}
        return cls(numbers, Texts.of(tokens, numbers), np.concatenate([np.zeros(0), *values]))


class Lookup(Predicting):
    """Predicts from the numbers of words."""

    numbers: Mapping[str, int]

    def predict_all(self, texts: Sequence[Sequence[str]]) -> Floats:
        """See Predicting."""
        return self.at(Texts.of(texts, self.numbers))

    @abstractmethod
    def at(self, texts: Texts) -> Floats:
        """One value a token of texts in `numbers`, text after text."""


@dataclass(frozen=True)
class TokenLookup(Lookup):
    """A token's largest activation in the windows; 0 for one that was not there."""

    numbers: Mapping[str, int]
    highest: Floats
    """of each word; 0 behind all"""

    @classmethod
    def of(cls, seen: Seen) -> TokenLookup:
        """From the building windows."""
        highest = np.zeros(len(seen.numbers) + 1)
        np.maximum.at(highest, seen.texts.words[seen.texts.tokens], seen.values)
        return cls(seen.numbers, highest)

    def at(self, texts: Texts) -> Floats:
        """0 for a token that was not there."""
        return self.highest[texts.words[texts.tokens]]


@dataclass(frozen=True)
class NGramLookup(Lookup):
    """The largest activation of a token after exactly its `prior` tokens, as the 2023 script has it.

    Learned only from tokens whose raw activation is at least 0.5, whatever the neuron's maximum is (the script compares
    the unnormalised value); 0 for what was not seen.
    """

    numbers: Mapping[str, int]
    codes: tuple[Ints, ...]
    """what makes each context from one a token shorter, ascending: an array for each number of tokens"""
    highest: Floats
    """of each of the longest contexts"""

    @classmethod
    def of(cls, seen: Seen, maximum: float, prior: int = 5, least: float = 0.5) -> NGramLookup:
        """From the building windows; `maximum` turns shares back into raw activations."""
        learned = seen.values * maximum >= least
        at = seen.texts.tokens[learned]
        codes, context = [], np.zeros(len(at), np.int64)
        for back in range(prior + 1):
            found, context = np.unique(cls._codes(seen.texts, at, context, back, seen.numbers), return_inverse=True)
            codes.append(found)
        highest = np.full(len(codes[-1]), -np.inf)
        np.maximum.at(highest, context, seen.values[learned])
        return cls(seen.numbers, tuple(codes), highest)

    def at(self, texts: Texts) -> Floats:
        """0 for what was not there."""
        at = texts.tokens
        values, on, context = np.zeros(len(at)), np.arange(len(at)), np.zeros(len(at), np.int64)
        for back, codes in enumerate(self.codes):
            context = find(codes, self._codes(texts, at[on], context, back, self.numbers))
            on, context = on[context >= 0], context[context >= 0]
        values[on] = self.highest[context]
        return values

    @staticmethod
    def _codes(texts: Texts, at: Ints, context: Ints, back: int, numbers: Mapping[str, int]) -> Ints:
        """Before a text's beginning is a word of its own: a context that ends there is not one with an unknown word."""
        inside = texts.place[at] >= back
        word = np.where(inside, texts.words[np.where(inside, at - back, 0)], len(numbers) + 1)
        return context * (len(numbers) + 2) + word


@dataclass(frozen=True)
class BackOff(Lookup):
    """The mean activation after the longest context that was seen, drawn towards that of the context one shorter, which
    counts for one example."""

    numbers: Mapping[str, int]
    codes: Ints
    """what makes each context from one a token shorter, ascending: see _codes; the contexts' numbers begin with 1"""
    means: Floats
    """of each context; the first is the empty one"""
    longest: int

    @classmethod
    def of(cls, seen: Seen, longest: int = 5, base: float = 0.0) -> BackOff:
        """From the building windows: contexts of 1 to `longest` tokens, the token itself counted."""
        numbers, laid, values = seen.numbers, seen.texts, seen.values
        codes, means = np.zeros(0, np.int64), np.array([base])
        at, context = laid.tokens, np.zeros(len(values), np.int64)
        for back in range(longest):
            long = laid.place[at] >= back
            at, context, values = at[long], context[long], values[long]
            found, group = np.unique(_codes(context, laid.words[at - back], numbers), return_inverse=True)
            above = means[found // (len(numbers) + 1)]
            own, counts = grouped(np.append(values, above), np.append(group, np.arange(len(found))), len(found))
            context = len(means) + group
            codes, means = np.append(codes, found), np.append(means, exact_sums(own, counts) / counts)
        return cls(numbers, codes, means, longest)

    def at(self, texts: Texts) -> Floats:
        """The base for a token that was not there."""
        at = texts.tokens
        context, on = np.zeros(len(at), np.int64), np.arange(len(at))
        for back in range(self.longest):
            on = on[texts.place[at[on]] >= back]
            found = find(self.codes, _codes(context[on], texts.words[at[on] - back], self.numbers))
            on, found = on[found >= 0], found[found >= 0]
            context[on] = 1 + found
        return self.means[context]


def _codes(context: Ints, word: Ints, numbers: Mapping[str, int]) -> Ints:
    """One number for a context and the token before it."""
    return context * (len(numbers) + 1) + word
