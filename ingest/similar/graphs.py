"""Likeness of N2G graphs: how far the words that neurons fire on, and those they need before, agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..n2g.similar import GraphMeasure, GraphSets
from .near import Floats, Near, nearest_owners

Words = tuple[Sequence[str], Sequence[str]]
"""The words a graph fires on, and its words of context."""
MEASURE: GraphMeasure = "deepdecipher"


def nearest_graphs(
    own: Sequence[Words], others: Sequence[Words], owners: NDArray[np.int64], k: int, seed: int = 0
) -> tuple[list[Near], float]:
    """The `k` owners whose graphs come nearest to one of a neuron's own, only those that share a word; and the
    control: the best score when the words are dealt out anew, so that each graph has as many and each word is in as
    many. The score is the overlap coefficient (|A & A'| + |C & C'|) / (min(|A|, |A'|) + min(|C|, |C'|))."""
    found = nearest_owners(_scores(own, others), owners, k)
    generator = np.random.default_rng(seed)
    dealt = list(zip(*(_dealt([words[i] for words in others], generator) for i in (0, 1)), strict=True))
    return [near for near in found if near.score > 0], float(_scores(own, dealt).max())


def _scores(own: Sequence[Words], others: Sequence[Words]) -> Floats:
    """float64 `[n]`: the best of a neuron's own graphs with each of the others."""
    graphs = [*own, *others]
    sets = GraphSets.of([activating for activating, _ in graphs], [context for _, context in graphs])
    whole = sets.scores(MEASURE, slice(0, len(own)))[:, len(own) :]
    return np.asarray(whole.max(0), np.float64)


def _dealt(lists: Sequence[Sequence[str]], generator: np.random.Generator) -> list[list[str]]:
    """Lists of the same lengths with all their words in random places."""
    words = [word for words in lists for word in words]
    order = generator.permutation(len(words))
    ends = np.cumsum([len(each) for each in lists])
    return [[words[i] for i in order[end - len(each) : end]] for each, end in zip(lists, ends, strict=True)]
