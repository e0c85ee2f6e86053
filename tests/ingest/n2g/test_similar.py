"""Alike graphs, against sets compared pair by pair."""

from __future__ import annotations

from collections.abc import Mapping, Set
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.ingest.n2g.graph import End, Graph, Node
from neuronkb.ingest.n2g.similar import GRAPH_MEASURES, GraphMeasure, GraphSets, most_alike, similar_pairs
from neuronkb.schema import LinkError

Neuron = tuple[Set[str], Set[str], Mapping[str, float]]

names = st.sets(st.sampled_from("abcdefgh"), max_size=6)
weights = st.dictionaries(st.sampled_from("pqrst"), st.floats(0.125, 1, width=16), max_size=4)
neurons = st.lists(st.tuples(names, names, weights), max_size=12)


def ratio(shared: float, whole: float) -> float:
    return shared / whole if whole else 0.0


def compared(one: Neuron, other: Neuron, measure: GraphMeasure) -> float:
    """The definition, for one pair."""
    if measure == "graph_paths":
        dot = sum(value * other[2].get(name, 0.0) for name, value in one[2].items())
        lengths = [sqrt(sum(value**2 for value in neuron[2].values())) for neuron in (one, other)]
        return ratio(dot, lengths[0] * lengths[1])
    kinds = [(one[0], other[0]), (one[1], other[1])]
    shared = [len(mine & theirs) for mine, theirs in kinds]
    sizes = [(len(mine), len(theirs)) for mine, theirs in kinds]
    if measure == "deepdecipher":
        return ratio(sum(shared), sum(map(min, sizes)))
    whole = max if measure == "n2g_overlap" else min
    return min(ratio(n, whole(size)) for n, size in zip(shared, sizes, strict=True))


@settings(deadline=None)
@given(neurons, st.integers(1, 5), st.sampled_from(GRAPH_MEASURES), st.sampled_from([0.0, 0.4, 0.9]))
def test_all_pairs_score_as_one_pair_does(found: list[Neuron], k: int, measure: GraphMeasure, least: float) -> None:
    sets = GraphSets.of(*(list(column) for column in zip(*found, strict=True))) if found else GraphSets.of([], [])
    alike = list(most_alike(sets, measure, k, least))
    assert [one.number for one in alike] == list(range(len(found)))
    for one in alike:
        scores = {i: compared(found[one.number], other, measure) for i, other in enumerate(found) if i != one.number}
        wanted = sorted(((-round(s, 5), i) for i, s in scores.items() if s > 0 and s >= least - 1e-9))[:k]
        assert one.scores == pytest.approx([-s for s, _ in wanted], abs=1e-5)
        assert [scores[i] for i in one.others] == pytest.approx([-s for s, _ in wanted], abs=1e-5)


def test_the_published_rules() -> None:
    """Ten tokens of eleven shared are over 0.9 of the larger set; ten of twelve only of the smaller."""
    ten = [f"t{i}" for i in range(10)]
    sets = GraphSets.of(
        [ten, [*ten, "x"], [*ten, "x", "y"], ten, ten],
        [["c"], ["c"], ["c"], ["d"], []],
    )
    similar, subsets = similar_pairs(sets)
    # The first two, and the second two; 10 of 12 is below 0.9. Other context or none is like nothing.
    assert similar == [(0, 1), (1, 2)]
    assert subsets == [(2, 0)]
    assert similar_pairs(sets, 0.8) == ([(0, 1), (0, 2), (1, 2)], [])
    (first, *_) = most_alike(sets, "deepdecipher")
    # 11 of 11 with both larger ones; 10 of 11 with the one of other context; 10 of 10 with the one that has none.
    assert first.others.tolist() == [1, 2, 4, 3]
    np.testing.assert_allclose(first.scores, [1, 1, 1, 10 / 11], rtol=1e-6)


def test_paths_tell_graphs_of_equal_words_apart() -> None:
    """The same three words, once in one order and once in the other."""

    def graph(*words: str) -> Graph:
        end = End(0.5)
        nodes = [Node(at - 1, "token", word, word, activates=not at) for at, word in enumerate(words)]
        return Graph((*nodes[:-1], Node(len(words) - 2, "token", words[-1], words[-1], end=end)))

    sets = GraphSets.of_graphs([graph("a", "b", "c"), graph("a", "c", "b"), graph("a", "b", "c")])
    first, second, _ = most_alike(sets, "n2g_overlap")
    assert first.others.tolist() == [1, 2]
    first, second, _ = most_alike(sets, "graph_paths")
    assert (first.others.tolist(), first.scores.tolist()) == ([2], [1.0])
    assert second.others.tolist() == []


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(LinkError, match="expected as many of each"):
        GraphSets.of([["a"]], [])
