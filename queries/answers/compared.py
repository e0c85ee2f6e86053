"""The words of one layer that independent methods share for a side of a neuron, or put on opposite sides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...schema import NeuronId
from ..result.section import Section, Tokens
from ..statistics.overlap import UNIT, Ints, Overlap, Words, overlap, word_weights
from .named import METHODS, Layer, Source, pairs, witnesses

SHOWN = 8
"""Words of a side that are shown."""
Unit = tuple[int, int]
"""A neuron's index, and its side: 0 is +, 1 is -."""


@dataclass(frozen=True)
class Clamp:
    """A clamp of a side: whether the neuron writes what that row decodes to."""

    projection: str
    pole: int
    effect: float
    """change in log-probability of the decoded tokens, nats"""
    p: float
    """the larger of both nulls' p-values"""
    q: float
    """adjusted over the clamps of the run"""


@dataclass(frozen=True)
class Agreement:
    """One side of one neuron that methods name in the same words."""

    neuron: str
    pole: int
    """of the hidden value"""
    words: tuple[str, ...]
    """named by two independent methods or more, rarest first; of a clamp alone, the decoded ones"""
    methods: tuple[str, ...]
    """that name one of them"""
    score: float | None
    """sum over the words of log(neurons / neurons that have it), once for each method beyond the first, nats; None
    where only the clamp agrees"""
    null: float | None
    """what the best pair of methods shares on average when one speaks of another neuron of the layer, nats"""
    p: float
    q: float
    """adjusted over all sides of which two methods speak (of clamps alone: over the clamps)"""
    clamp: Clamp | None = None


@dataclass(frozen=True)
class MethodPair:
    """Two methods over the whole model."""

    one: str
    two: str
    independent: bool
    both: int
    """sides of neurons of which both speak"""
    shared: int
    """of these, sides with a word in common"""
    by_chance: float
    """such sides when one speaks of another neuron of the layer"""


def pairs_section(pairs: Iterable[MethodPair]) -> Section:
    """How often two methods share a word, beside chance."""
    rows = tuple((f"{pair.one}, {pair.two}", pair.both, pair.shared, pair.by_chance) for pair in pairs)
    return Section("Sides by pair of methods", ("methods", "both speak", "share a word", "chance"), rows)


def agreements_section(sides: Iterable[Agreement], model: str, caption: str) -> Section:
    """The sides that methods name in the same words, with q, score and null."""
    rows = tuple(
        (
            f"{side.neuron.removeprefix(f'{model}/')} {'+' if side.pole > 0 else '-'}",
            side.q,
            side.score,
            side.null,
            ", ".join(side.methods),
            Tokens(side.words[:SHOWN]),
        )
        for side in sides
    )
    return Section(caption, ("neuron", "q", "score", "null", "methods", "words"), rows)


@dataclass(frozen=True)
class Compared:
    """What one layer has to say, or several of them together. Sides without a word in common have p 1."""

    tested: int
    """sides of which two independent methods speak"""
    pairs: tuple[MethodPair, ...]
    found: tuple[Agreement, ...]
    """by neuron and side; their q and clamp are those of the whole model, and not known yet"""

    @classmethod
    def together(cls, layers: Iterable[Compared]) -> Compared:
        """The counts added up."""
        tested, found = 0, list[Agreement]()
        counts: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0, 0.0])
        for each in layers:
            tested += each.tested
            found += each.found
            _count(counts, each.pairs)
        return cls(tested, _method_pairs(counts), tuple(found))


def compare(layer: Layer, model: str, *, opposite: bool) -> Compared:
    """Compare every pair of independent methods on a layer of a model.

    With `opposite` the two sides of a neuron are exchanged in one method of each pair, and words that a method has on
    both sides are left out: what is found are contradictions.
    """
    said = {s: w.one_sided() for s, w in layer.said.items()} if opposite else layer.said
    weights = word_weights(list(said.values()), len(layer.words))
    best: dict[Unit, tuple[float, float, int]] = {}
    counts: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0, 0.0])
    for one, two in pairs(said):
        overlapped = overlap(said[one], said[two].flipped() if opposite else said[two], weights)
        both = len(overlapped.score)
        _count(counts, [MethodPair(one.method, two.method, True, both, overlapped.shared, overlapped.sharing)])
        _keep_best(best, overlapped)
    shared = (_opposed if opposite else _agreed)(layer, said, weights)
    found = []
    for (neuron, side), (p, null, tried) in sorted(best.items()):
        if (neuron, side) in shared:
            words, methods, score = shared[neuron, side]
            name = str(NeuronId(model, layer.layer, neuron))
            found.append(Agreement(name, 1 - 2 * side, words, methods, score, null / UNIT, min(1.0, p * tried), 1.0))
    return Compared(len(best), _method_pairs(counts), tuple(found))


def _count(counts: dict[tuple[str, str], list[float]], found: Iterable[MethodPair]) -> None:
    for pair in found:
        held = counts[pair.one, pair.two]
        held[0] += pair.both
        held[1] += pair.shared
        held[2] += pair.by_chance


def _method_pairs(counts: dict[tuple[str, str], list[float]]) -> tuple[MethodPair, ...]:
    return tuple(
        MethodPair(one, two, True, int(both), int(shared), chance)
        for (one, two), (both, shared, chance) in counts.items()
    )


def _keep_best(best: dict[Unit, tuple[float, float, int]], overlapped: Overlap) -> None:
    """Of each unit the smallest p with its null, and how many pairs of methods were tried."""
    columns = (overlapped.neuron, overlapped.side, overlapped.p, overlapped.expected)
    for neuron, side, p, expected in zip(*(column.tolist() for column in columns), strict=True):
        held, null, tried = best.get((neuron, side), (2.0, 0.0, 0))
        best[neuron, side] = (p, expected, tried + 1) if p < held else (held, null, tried + 1)


Shared = dict[Unit, tuple[tuple[str, ...], tuple[str, ...], float]]
"""By unit: its words, the methods that name them, and the score."""


def _agreed(layer: Layer, said: dict[Source, Words], weights: Ints) -> Shared:
    """Words that independent sources name."""
    sources, size = list(said), len(layer.words)
    if not sources:
        return {}
    keys = [(w.neuron * 2 + w.side) * size + w.word for w in said.values()]
    bits = [np.full(len(key), 1 << i) for i, key in enumerate(keys)]
    order = np.argsort(key := np.concatenate(keys), kind="stable")
    at, first = np.unique(key[order], return_index=True)
    masks = np.bitwise_or.reduceat(np.concatenate(bits)[order], first)
    many = np.array(witnesses(sources))[masks]
    found: dict[Unit, list[tuple[int, int, int]]] = defaultdict(list)
    for one, mask, count in zip(*(a[many > 1].tolist() for a in (at, masks, many)), strict=True):
        unit, word = divmod(one, size)
        found[unit // 2, unit % 2].append((word, mask, count))
    return {
        unit: (
            _texts(layer, weights, [word for word, _, _ in rows]),
            _methods(s for i, s in enumerate(sources) if any(mask >> i & 1 for _, mask, _ in rows)),
            sum(int(weights[word]) * (count - 1) for word, _, count in rows) / UNIT,
        )
        for unit, rows in found.items()
    }


def _opposed(layer: Layer, said: dict[Source, Words], weights: Ints) -> Shared:
    """Words that a second method has on the other side; units are the first one's."""
    size = len(layer.words)
    found: dict[Unit, tuple[set[int], set[Source]]] = defaultdict(lambda: (set(), set()))
    for one, two in pairs(said):
        first, second = ((w.neuron * 2 + w.side) * size + w.word for w in (said[one], said[two].flipped()))
        for key in np.intersect1d(first, second).tolist():
            unit, word = divmod(key, size)
            words, sources = found[unit // 2, unit % 2]
            words.add(word)
            sources |= {one, two}
    return {
        unit: (_texts(layer, weights, words), _methods(sources), sum(int(weights[w]) for w in words) / UNIT)
        for unit, (words, sources) in found.items()
    }


def _texts(layer: Layer, weights: Ints, words: Sequence[int] | set[int]) -> tuple[str, ...]:
    order = sorted(words, key=lambda word: (-int(weights[word]), layer.words[word]))
    return tuple(layer.words[word] for word in order)


def _methods(sources: Iterable[Source]) -> tuple[str, ...]:
    return tuple(sorted({source.method for source in sources}, key=METHODS.index))
