"""What a graph is held against: tables of tokens and of token sequences, made from the same windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Text = tuple[Sequence[str], Floats]
"""Tokens and the neuron's activation on each, as shares of its maximum."""


@dataclass(frozen=True)
class TokenLookup:
    """A token's largest activation in the windows; 0 for one that was not there."""

    table: dict[str, float]

    @classmethod
    def of(cls, texts: Iterable[Text]) -> TokenLookup:
        """From the building windows."""
        table: dict[str, float] = {}
        for tokens, values in texts:
            for token, value in zip(tokens, values.tolist(), strict=True):
                table[token] = max(value, table.get(token, 0.0))
        return cls(table)

    def predict(self, tokens: Sequence[str]) -> Floats:
        """float64 `[t]`."""
        return np.array([self.table.get(token, 0.0) for token in tokens], np.float64)


@dataclass(frozen=True)
class NGramLookup:
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

    def predict(self, tokens: Sequence[str]) -> Floats:
        """float64 `[t]`."""
        found = (self.table.get(tuple(tokens[max(0, at - self.prior) : at + 1]), 0.0) for at in range(len(tokens)))
        return np.fromiter(found, np.float64, len(tokens))


@dataclass(frozen=True)
class BackOff:
    """The mean activation after the longest context that was seen, drawn towards that of the context one shorter, which
    counts for one example."""

    means: list[float]
    """of each context; the first is the empty one"""
    children: list[dict[str, int]]
    """of each context, those one token longer, by the token furthest back"""
    longest: int

    @classmethod
    def of(cls, texts: Iterable[Text], longest: int = 5, base: float = 0.0) -> BackOff:
        """From the building windows: contexts of 1 to `longest` tokens, the token itself counted."""
        children: list[dict[str, int]] = [{}]
        parents, values = [0], list[list[float]]([[]])
        for tokens, found in texts:
            for at, value in enumerate(found.tolist()):
                number = 0
                for token in reversed(tokens[max(0, at - longest + 1) : at + 1]):
                    below = children[number].get(token)
                    if below is None:
                        below = children[number][token] = len(children)
                        children.append({})
                        parents.append(number)
                        values.append([])
                    number = below
                    values[number].append(value)
        means = [base]
        for parent, own in zip(parents[1:], values[1:], strict=True):
            means.append(fsum((*own, means[parent])) / (len(own) + 1))
        return cls(means, children, longest)

    def predict(self, tokens: Sequence[str]) -> Floats:
        """float64 `[t]`; the base for a token that was not there."""
        return np.fromiter((self._at(tokens, at) for at in range(len(tokens))), np.float64, len(tokens))

    def _at(self, tokens: Sequence[str], at: int) -> float:
        number = 0
        for token in reversed(tokens[max(0, at - self.longest + 1) : at + 1]):
            below = self.children[number].get(token)
            if below is None:
                break
            number = below
        return self.means[number]
