"""What a graph is held against: tables of tokens and of token sequences, made from the same windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
import numpy.typing as npt

from .predict import Predicting
from .sums import exact_sums, grouped
from .texts import Ints, Texts, find

Floats = npt.NDArray[np.float64]
Text = tuple[Sequence[str], Floats]
"""Tokens and the neuron's activation on each, as shares of its maximum."""


@dataclass(frozen=True)
class TokenLookup(Predicting):
    """A token's largest activation in the windows; 0 for one that was not there."""

    table: dict[str, float]

    @classmethod
    def of(cls, texts: Iterable[Text]) -> TokenLookup:
        """From the building windows."""
        tokens, values = _joined(texts)
        order = np.argsort(values, kind="stable")
        # The last entry of a key stays: its largest.
        return cls(
            dict(zip([tokens[at] for at in order.tolist()], np.maximum(values[order], 0.0).tolist(), strict=True))
        )

    def predict_all(self, texts: Sequence[Sequence[str]]) -> Floats:
        """0 for a token that was not there."""
        return np.fromiter(map(self.table.get, chain.from_iterable(texts), repeat(0.0)), np.float64)


@dataclass(frozen=True)
class NGramLookup(Predicting):
    """The largest activation of a token after exactly its `prior` tokens, as the 2023 script has it.

    Learned only from tokens whose raw activation is at least 0.5, whatever the neuron's maximum is (the script compares
    the unnormalised value); 0 for what was not seen.
    """

    table: dict[tuple[str, ...], float]
    prior: int

    @classmethod
    def of(cls, texts: Iterable[Text], maximum: float, prior: int = 5, least: float = 0.5) -> NGramLookup:
        """From the building windows; `maximum` turns shares back into raw activations."""
        table: dict[tuple[str, ...], float] = {}
        for tokens, values in texts:
            for at in np.flatnonzero(values * maximum >= least).tolist():
                key = tuple(tokens[max(0, at - prior) : at + 1])
                table[key] = max(float(values[at]), table.get(key, 0.0))
        return cls(table, prior)

    def predict_all(self, texts: Sequence[Sequence[str]]) -> Floats:
        """0 for what was not there."""
        last = {key[-1] for key in self.table}
        found = np.zeros(sum(map(len, texts)))
        start = 0
        for tokens in texts:
            for at in [at for at, token in enumerate(tokens) if token in last]:
                found[start + at] = self.table.get(tuple(tokens[max(0, at - self.prior) : at + 1]), 0.0)
            start += len(tokens)
        return found


@dataclass(frozen=True)
class BackOff(Predicting):
    """The mean activation after the longest context that was seen, drawn towards that of the context one shorter, which
    counts for one example."""

    numbers: dict[str, int]
    """of the words that were there"""
    codes: Ints
    """what makes each context from one a token shorter, ascending: see _codes; the contexts' numbers begin with 1"""
    means: Floats
    """of each context; the first is the empty one"""
    longest: int

    @classmethod
    def of(cls, texts: Sequence[Text], longest: int = 5, base: float = 0.0) -> BackOff:
        """From the building windows: contexts of 1 to `longest` tokens, the token itself counted."""
        every, values = _joined(texts)
        numbers = {token: number for number, token in enumerate(dict.fromkeys(every))}
        laid = Texts.of([tokens for tokens, _ in texts], numbers)
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

    def predict_all(self, texts: Sequence[Sequence[str]]) -> Floats:
        """The base for a token that was not there."""
        laid = Texts.of(texts, self.numbers)
        at = laid.tokens
        context, on = np.zeros(len(at), np.int64), np.arange(len(at))
        for back in range(self.longest):
            on = on[laid.place[at[on]] >= back]
            found = find(self.codes, _codes(context[on], laid.words[at[on] - back], self.numbers))
            on, found = on[found >= 0], found[found >= 0]
            context[on] = 1 + found
        return self.means[context]


def _joined(texts: Iterable[Text]) -> tuple[list[str], Floats]:
    """All tokens and their values."""
    tokens, values = zip(*texts, strict=True) if (texts := list(texts)) else ((), ())
    return list(chain.from_iterable(tokens)), np.concatenate([np.zeros(0), *values])


def _codes(context: Ints, word: Ints, numbers: dict[str, int]) -> Ints:
    """One number for a context and the token before it."""
    return context * (len(numbers) + 1) + word
