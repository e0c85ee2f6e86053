"""Words that independent methods name for the same neuron, beside what chance would give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..schema import NeuronId, QueryError
from .catalogue import Reader, query
from .causal import benjamini_hochberg
from .named import METHODS, Heard, Layer, Source, find_model, find_runs, pairs, read_layer, witnesses
from .overlap import UNIT, Ints, Words, overlap, word_weights

LEVEL = 0.05
"""False-discovery rate at which a clamp counts as one of the methods that agree."""
Told = Callable[[str, int, int], None]


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


@dataclass(frozen=True)
class AgreeReport:
    """Where methods agree, or contradict each other by the same words on opposite sides."""

    model: str
    runs: tuple[str, ...]
    tested: int
    """sides of which two independent methods speak"""
    pairs: tuple[MethodPair, ...]
    found: tuple[Agreement, ...]
    """smallest q first, then largest score"""


def agreements(
    reader: Reader,
    model: str,
    *,
    runs: Sequence[str] = (),
    layers: Sequence[int] = (),
    share: float = 0.5,
    top: int | None = 20,
    opposite: bool = False,
    progress: Told = lambda step, done, total: None,
) -> AgreeReport:
    """Read the model layer by layer and compare every pair of independent methods.

    With `opposite` the two sides of a neuron are exchanged in one method of each pair, and words that a method has on
    both sides are left out: what is found are contradictions. Raises QueryError for a model or run that is not there,
    or when fewer than two methods speak of it.
    """
    gated = find_model(reader, model)["gated"] is not False
    chosen = find_runs(reader, model, runs)
    held = query("model_layers").run(reader, model=model).rows
    wanted = [(layer, count) for layer, count in held if not layers or layer in layers]
    if layers and len(wanted) < len(set(layers)):
        raise QueryError(f"{model!r} has neurons of layers {', '.join(str(row[0]) for row in held)} in the store only")
    tally = _Tally(model, opposite)
    clamps = _clamps(tested_clamps(reader, chosen))
    for done, (layer, count) in enumerate(wanted):
        progress("comparing layers", done, len(wanted))
        tally.add(read_layer(reader, model, layer, count, chosen, gated=gated, share=share), clamps)
    progress("comparing layers", len(wanted), len(wanted))
    return tally.report(sorted(chosen), top)


def tested_clamps(reader: Reader, runs: Mapping[str, Heard]) -> list[dict[str, Any]]:
    """The clamps of the runs that were tested against both nulls."""
    names = [name for name, heard in runs.items() if heard.job == "clamp"]
    rows = [row for name in names for row in query("tested_clamps").run(reader, run=name).dicts()]
    return [row for row in rows if row["p_tokens"] is not None]


def _clamps(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, int], list[Clamp]]:
    """The tested clamps by neuron and side of the hidden value (gates: both)."""
    worst = [max(row["p_tokens"], row["p_neurons"]) for row in rows]
    found: dict[tuple[str, int], list[Clamp]] = defaultdict(list)
    for row, p, q in zip(rows, worst, benjamini_hochberg(worst), strict=True):
        one = Clamp(row["projection"], row["pole"], row["effect"], p, q)
        for pole in (1, -1) if row["projection"] == "gate" else (row["pole"],):
            found[row["neuron"], pole].append(one)
    return found


class _Tally:
    """What the layers read so far say."""

    def __init__(self, model: str, opposite: bool) -> None:
        self.model = model
        self.opposite = opposite
        self.p: list[float] = []
        self.found: list[tuple[int, Agreement]] = []
        """place in `p`, and the record without its q"""
        self.alone: list[Agreement] = []
        """only the clamp agrees"""
        self.counts: dict[tuple[str, str, bool], list[float]] = defaultdict(lambda: [0, 0, 0.0])

    def add(self, layer: Layer, clamps: dict[tuple[str, int], list[Clamp]]) -> None:
        said = {s: w.one_sided() for s, w in layer.said.items()} if self.opposite else layer.said
        weights = word_weights(list(said.values()), len(layer.words))
        best: dict[tuple[int, int], tuple[float, float, int]] = {}
        for one, two in pairs(said):
            first, second = said[one], said[two]
            overlapped = overlap(first, second.flipped() if self.opposite else second, weights)
            count = self.counts[one.method, two.method, True]
            count[0] += len(overlapped.score)
            count[1] += overlapped.shared
            count[2] += overlapped.sharing
            columns = (overlapped.neuron, overlapped.side, overlapped.p, overlapped.expected)
            for neuron, side, p, expected in zip(*(column.tolist() for column in columns), strict=True):
                held, null, tried = best.get((neuron, side), (2.0, 0.0, 0))
                best[neuron, side] = (p, expected, tried + 1) if p < held else (held, null, tried + 1)
        words = self._words(layer, said, weights)
        for (neuron, side), (p, null, tried) in sorted(best.items()):
            place = len(self.p)
            self.p.append(min(1.0, p * tried))
            if (neuron, side) in words:
                self.found.append((place, self._record(layer, neuron, side, *words[neuron, side], null, clamps)))
        if not self.opposite:
            self._clamps_alone(layer, words, clamps)

    def _words(
        self, layer: Layer, said: dict[Source, Words], weights: Ints
    ) -> dict[tuple[int, int], tuple[tuple[str, ...], tuple[str, ...], float]]:
        """By neuron and side: words that independent sources name, the sources' methods, and the score."""
        if self.opposite:
            return self._opposed(layer, said, weights)
        sources, size = list(said), len(layer.words)
        if not sources:
            return {}
        keys = [(w.neuron * 2 + w.side) * size + w.word for w in said.values()]
        bits = [np.full(len(key), 1 << i) for i, key in enumerate(keys)]
        order = np.argsort(key := np.concatenate(keys), kind="stable")
        at, first = np.unique(key[order], return_index=True)
        masks = np.bitwise_or.reduceat(np.concatenate(bits)[order], first)
        many = np.array(witnesses(sources))[masks]
        found: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
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

    def _opposed(
        self, layer: Layer, said: dict[Source, Words], weights: Ints
    ) -> dict[tuple[int, int], tuple[tuple[str, ...], tuple[str, ...], float]]:
        """By neuron and side of the first method: words that a second one has on the other side."""
        size = len(layer.words)
        found: dict[tuple[int, int], tuple[set[int], set[Source]]] = defaultdict(lambda: (set(), set()))
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

    def _record(
        self,
        layer: Layer,
        neuron: int,
        side: int,
        words: tuple[str, ...],
        methods: tuple[str, ...],
        score: float,
        null: float,
        clamps: dict[tuple[str, int], list[Clamp]],
    ) -> Agreement:
        name, pole = str(NeuronId(self.model, layer.layer, neuron)), 1 - 2 * side
        clamp = min(clamps.get((name, pole), ()), key=lambda one: one.p, default=None)
        if clamp is not None and clamp.q <= LEVEL and not self.opposite:
            methods = (*methods, "clamp")
        return Agreement(name, pole, words, methods, score, null / UNIT, 1.0, 1.0, clamp)

    def _clamps_alone(
        self, layer: Layer, words: Container[tuple[int, int]], clamps: dict[tuple[str, int], list[Clamp]]
    ) -> None:
        """Sides whose clamp raises the decoded tokens and of which no two other methods name a word."""
        names = {str(NeuronId(self.model, layer.layer, index)): index for index, _, _ in layer.decoded}
        for (name, pole), tested in clamps.items():
            if name not in names or (names[name], int(pole < 0)) in words:
                continue
            best = min(tested, key=lambda one: one.p)
            if best.q <= LEVEL:
                decoded = layer.decoded.get((names[name], best.projection, best.pole), ())
                self.alone.append(
                    Agreement(name, pole, decoded, ("lm-head", "clamp"), None, None, best.p, best.q, best)
                )

    def report(self, runs: Sequence[str], top: int | None) -> AgreeReport:
        q = benjamini_hochberg(self.p)
        rows = [replace(one, p=self.p[place], q=q[place]) for place, one in self.found]
        rows = sorted([*rows, *self.alone], key=lambda one: (one.q, -(one.score or 0.0), one.neuron, -one.pole))
        counted = tuple(
            MethodPair(one, two, free, int(both), int(shared), chance)
            for (one, two, free), (both, shared, chance) in self.counts.items()
        )
        return AgreeReport(self.model, tuple(runs), len(self.p), counted, tuple(rows[:top]))


def _texts(layer: Layer, weights: Ints, words: Iterable[int]) -> tuple[str, ...]:
    order = sorted(words, key=lambda word: (-int(weights[word]), layer.words[word]))
    return tuple(layer.words[word] for word in order)


def _methods(sources: Iterable[Source]) -> tuple[str, ...]:
    return tuple(sorted({source.method for source in sources}, key=METHODS.index))
