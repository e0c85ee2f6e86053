"""What a tree's nodes predict: statistics of everything that was seen to match them, firing or not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .graph import MATCHES
from .sums import exact_sums, grouped
from .tree import Ends, Tree
from .walk import Walker

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Observation:
    """The neuron's activations on the last tokens of a text, or on all, as shares of its maximum."""

    tokens: Sequence[str]
    values: Floats


def calibrate(
    tree: Tree,
    seen: Iterable[Observation],
    *,
    threshold: float = 0.5,
    weight: float = 1.0,
    base: float = 0.0,
) -> Tree:
    """The tree with an end on every word and anchor that some observation matches.

    What an end predicts is the mean of its observations drawn towards what its parent predicts, which counts for
    `weight` observations: (sum + weight x parent) / (n + weight); above the first node stands `base`. The order of the
    observations does not matter: sums are exact.
    """
    values, counts = grouped(*_matched(tree, list(seen)), len(tree))
    ends = _counted(values, counts, threshold)
    total = np.zeros(len(tree))
    total[counts > 0] = exact_sums(values, counts[counts > 0])
    ends.mean[:] = total / np.maximum(counts, 1)
    for level in tree.levels:
        n, above = counts[level], np.append(ends.value, base)[tree.parent[level]]
        drawn = (total[level] + weight * above) / np.where(n, n + weight, 1)
        ends.value[level] = np.where(n, drawn, above)
    return replace(tree, ends=ends)


def _counted(values: Floats, counts: Ints, threshold: float) -> Ends:
    """Numbers of each node's values, which stand node by node, and the largest of them."""
    there = counts > 0
    starts = (np.cumsum(counts) - counts)[there]
    high, fired = np.zeros(len(counts)), np.zeros(len(counts), np.int64)
    if len(starts):
        high[there] = np.maximum.reduceat(values, starts)
        fired[there] = np.add.reduceat((values >= threshold).astype(np.int64), starts)
    return Ends(np.zeros(len(counts)), counts, np.zeros(len(counts)), high, fired)


def _matched(tree: Tree, seen: Sequence[Observation]) -> tuple[Floats, Ints]:
    """Values, and the words and anchors that match where they were seen: each once for each observation."""
    walker = Walker(tree.words, tree.parent, tree.match, tree.key)
    texts = walker.lay([one.tokens for one in seen])
    at = [np.arange(end - len(one.values), end) for one, end in zip(seen, texts.ends.tolist(), strict=True)]
    values = np.concatenate([np.zeros(0), *(one.values for one in seen)])
    wild = np.isin(tree.match, [MATCHES.index("any"), MATCHES.index("gap")])
    pairs = [np.zeros(0, np.int64)]
    for which, node, _ in walker.walk(texts, np.concatenate([np.zeros(0, np.int64), *at])):
        ends = ~wild[node]
        pairs.append(which[ends] * len(tree) + node[ends])
    # A gap may come to a node in several ways.
    found = np.unique(np.concatenate(pairs)) if walker.loose else np.concatenate(pairs)
    return values[found // max(1, len(tree))], found % max(1, len(tree))


def simplify(tree: Tree, least: float) -> Tree:
    """Without the ends that are within `least` of the end before them, and what then leads nowhere.

    Predictions move by less than `least`, but where such an end had kept another path of equal length from deciding.
    """
    assert tree.ends is not None
    kept = _differ(tree, tree.ends, least)
    for level in reversed(tree.levels[1:]):
        kept[tree.parent[level][kept[level]]] = True
    return tree.take(kept)


def _differ(tree: Tree, ends: Ends, least: float) -> npt.NDArray[np.bool_]:
    """Which nodes have an end that is so far from the nearest one above it; from 0 where there is none."""
    below = np.zeros(len(tree) + 1, bool)
    differs = np.zeros(len(tree), bool)
    for level in tree.levels:
        parent, value = tree.parent[level], ends.value[level]
        moved = np.where(below[parent], np.abs(value - ends.value[parent]), value)
        differs[level] = (ends.n[level] > 0) & (moved >= least)
        below[level] = below[parent] | (ends.n[level] > 0)
    return differs
