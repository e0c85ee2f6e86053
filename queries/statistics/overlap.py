"""Words that two sources name for the same neuron, beside what they would share if one belonged to another neuron.

The null is exact: of all ways to give the second source's words to another neuron of the layer (within one side of the
hidden value) each pair of neurons comes up equally often, so the scores of all pairs of different neurons are the
distribution, and p = (1 + pairs at least as high) / (1 + pairs). All scores are whole numbers, so ties are ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNIT = 10_000
"""Weights are whole multiples of 1 / UNIT nats."""
CELLS = 4_000_000
"""Pairs of neurons scored at a time."""


@dataclass(frozen=True)
class Words:
    """What one source names in a layer: `neuron[i]` on `side[i]` (0 is +, 1 is -) is said to have `word[i]`.

    Each triple once, `[n]`.
    """

    neuron: Ints
    side: Ints
    word: Ints

    def on(self, side: int) -> tuple[Ints, Ints]:
        """Neurons and words of one side, by neuron."""
        here = self.side == side
        order = np.argsort(self.neuron[here], kind="stable")
        return self.neuron[here][order], self.word[here][order]

    def flipped(self) -> Words:
        """The same on the other side."""
        return Words(self.neuron, 1 - self.side, self.word)

    def one_sided(self) -> Words:
        """Without words that a neuron has on both sides."""
        pairs = np.stack([self.neuron, self.word])
        _, place, count = np.unique(pairs, axis=1, return_inverse=True, return_counts=True)
        kept = count[place.reshape(-1)] == 1
        return Words(self.neuron[kept], self.side[kept], self.word[kept])


@dataclass(frozen=True)
class Overlap:
    """Two sources in one layer: the neurons and sides of which both say something, `[n]`."""

    neuron: Ints
    side: Ints
    score: Ints
    """sum of the weights of the words that both name"""
    expected: Floats
    """mean score of the first source's words with those of another neuron"""
    p: Floats
    sharing: float
    """neurons and sides that would share a word by chance"""

    @property
    def shared(self) -> int:
        """Those that do."""
        return int(np.count_nonzero(self.score))


def word_weights(sources: list[Words], n_words: int) -> Ints:
    """log(neurons that speak / neurons that have the word), by the source in which most have it, in 1 / UNIT nats.

    Giving a source's words to other neurons of the layer leaves every weight as it is.
    """
    speaking, most = 1, np.ones(n_words)
    for words in sources:
        pairs = np.unique(np.stack([words.neuron, words.word]), axis=1)
        speaking = max(speaking, len(np.unique(words.neuron)))
        most = np.maximum(most, np.bincount(pairs[1], minlength=n_words))
    weights: Ints = np.rint(UNIT * np.log(speaking / np.minimum(most, speaking))).astype(np.int64)
    return weights


def overlap(one: Words, two: Words, weights: Ints) -> Overlap:
    """Score every neuron and side of which both sources speak, and say how likely chance would do as well."""
    sides = [_Side.of(*one.on(side), *two.on(side), weights) for side in (0, 1)]
    found = np.concatenate([side.score for side in sides])
    levels = np.unique(found[found > 0])
    above, pairs, touching = np.zeros(len(levels) + 1, np.int64), 0, 0
    expected = []
    for side in sides:
        counts, nonzero, means = side.null(levels)
        above[:-1] += counts
        pairs, touching = pairs + side.pairs, touching + nonzero
        expected.append(means)
    p = np.ones(len(found))
    hit = found > 0
    p[hit] = (1 + above[np.searchsorted(levels, found[hit])]) / (1 + pairs)
    return Overlap(
        np.concatenate([side.both for side in sides]),
        np.concatenate([np.full(len(side.both), i, np.int64) for i, side in enumerate(sides)]),
        found,
        np.concatenate(expected),
        p,
        len(found) * touching / pairs if pairs else 0.0,
    )


@dataclass(frozen=True)
class _Side:
    """One side of a layer: rows are the first source's neurons, columns the second's."""

    rows: Ints
    columns: Ints
    both: Ints
    """neurons in rows and columns"""
    starts: Ints
    """`[len(rows) + 1]`: the words of row i are `row_words[starts[i]:starts[i + 1]]`"""
    row_words: Ints
    by_word: Ints
    """columns' places, by word"""
    word_starts: Ints
    """`[n_words + 1]`: the columns of word w are `by_word[word_starts[w]:word_starts[w + 1]]`"""
    weights: Ints
    score: Ints

    @classmethod
    def of(cls, n1: Ints, w1: Ints, n2: Ints, w2: Ints, weights: Ints) -> _Side:
        rows, counts = np.unique(n1, return_counts=True)
        columns, place = np.unique(n2, return_inverse=True)
        order = np.argsort(w2, kind="stable")
        words = np.concatenate([[0], np.cumsum(np.bincount(w2, minlength=len(weights)))])
        both = np.intersect1d(rows, columns)
        size = len(weights)
        same = np.intersect1d(n1 * size + w1, n2 * size + w2)
        score = np.zeros(len(both), np.int64)
        np.add.at(score, np.searchsorted(both, same // size), weights[same % size])
        starts = np.concatenate([[0], np.cumsum(counts)])
        return cls(rows, columns, both, starts, w1, place.reshape(-1)[order], words, weights, score)

    @property
    def pairs(self) -> int:
        """Pairs of different neurons."""
        return len(self.rows) * len(self.columns) - len(self.both)

    def null(self, levels: Ints) -> tuple[Ints, int, Floats]:
        """Of all pairs of different neurons: how many reach each level, how many share a word, and by neuron of
        `both` the mean score."""
        reached, nonzero = np.zeros(len(levels), np.int64), 0
        means = np.zeros(len(self.rows))
        width = max(1, len(self.columns))
        for start in range(0, len(self.rows), max(1, CELLS // width)):
            stop = min(start + max(1, CELLS // width), len(self.rows))
            block = self._block(start, stop)
            means[start:stop] = block.sum(1) / np.maximum(1, width - np.isin(self.rows[start:stop], self.columns))
            values = block[block > 0]
            nonzero += len(values)
            if len(levels):
                at = np.searchsorted(levels, values, side="right")
                reached += np.bincount(at, minlength=len(levels) + 1)[1:]
        at_least = reached[::-1].cumsum()[::-1] if len(levels) else reached
        return at_least, nonzero, means[np.searchsorted(self.rows, self.both)]

    def _block(self, start: int, stop: int) -> Ints:
        """Scores of rows `start` to `stop` with all columns, a neuron with itself left at 0."""
        words = self.row_words[self.starts[start] : self.starts[stop]]
        row = np.repeat(np.arange(stop - start), np.diff(self.starts[start : stop + 1]))
        first, many = self.word_starts[words], np.diff(self.word_starts)[words]
        within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        column = self.by_word[np.repeat(first, many) + within]
        key = np.repeat(row, many) * len(self.columns) + column
        # Whole numbers below 2^53 are exact as doubles.
        flat = np.bincount(key, np.repeat(self.weights[words], many), minlength=(stop - start) * len(self.columns))
        block = flat.astype(np.int64).reshape(stop - start, len(self.columns))
        place = np.searchsorted(self.columns, self.rows[start:stop])
        own = np.isin(self.rows[start:stop], self.columns)
        block[np.flatnonzero(own), place[own]] = 0
        return block
