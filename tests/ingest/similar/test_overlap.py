"""Overlaps of ranked lists, the token measure and its control, and likeness of explanations, by definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.similar.explanation import nearest_explained
from neuronkb.ingest.similar.measure import MatchedModel
from neuronkb.ingest.similar.overlap import rank_biased_overlap
from neuronkb.ingest.similar.search import Search
from neuronkb.ingest.similar.shuffled import shuffled
from neuronkb.ingest.similar.tokens import TokenOverlap

LISTS = st.permutations(range(6)).map(lambda order: order[:4])


def by_depth(one: list[int], two: list[int], p: float) -> float:
    """The sum as it is written, over that of equal lists."""

    def total(a: list[int], b: list[int]) -> float:
        depths = range(1, len(a) + 1)
        return sum((1 - p) * p ** (d - 1) * len(set(a[:d]) & set(b[:d])) / d for d in depths)

    return total(one, two) / total(one, one)


@given(LISTS, LISTS, st.floats(0.1, 0.99))
def test_rank_biased_overlap_is_the_definition(one: list[int], two: list[int], p: float) -> None:
    found = rank_biased_overlap(np.array([one]), np.array([two]), p)
    assert found[0] == pytest.approx(by_depth(one, two, p))


def test_overlap_by_hand() -> None:
    """Lists a b and b a, p = 1/2: depth 1 shares none, depth 2 both: (1/4 x 1) / (1/2 x 1 + 1/4 x 1)."""
    assert rank_biased_overlap(np.array([[1, 2]]), np.array([[2, 1]]), 0.5)[0] == pytest.approx(1 / 3)


def lists(seed: int, layers: int, width: int, k: int) -> list[dict[tuple[str, int], np.ndarray]]:
    generator = np.random.default_rng(seed)
    return [
        {
            (p, s): np.stack([generator.permutation(40)[:k] for _ in range(width)])
            for p in ("up", "down")
            for s in (1, -1)
        }
        for _ in range(layers)
    ]


def test_token_search_is_the_mean_overlap_of_all_sides() -> None:
    one, two = lists(1, 2, 30, 5), lists(2, 2, 30, 5)
    shared = np.array([(n, 39 - n) for n in range(30)])
    sides = MatchedModel("one", 2, 30), MatchedModel("two", 2, 30)
    measure = TokenOverlap(
        *sides, torch.device("cpu"), first=lambda n: one[n], second=lambda n: two[n], tokens=shared, seed=0
    )
    search = Search(measure, 3, 1)
    # Token n of one is token 39 - n of two; those from 30 on are not shared and match nothing.
    for layer in range(2):
        found = search.layer(layer)
        for neuron in (0, 7, 29):
            whole = []
            for b in range(2):
                for j in range(30):
                    each = []
                    for side in one[0]:
                        mine = [int(t) if t < 30 else -1 - i for i, t in enumerate(one[layer][side][neuron])]
                        theirs = [39 - int(t) if t > 9 else -100 - i for i, t in enumerate(two[b][side][j])]
                        each.append(by_depth(mine, theirs, 0.9))
                    whole.append(sum(each) / len(each))
            best = sorted(whole, reverse=True)[:3]
            assert found.scores[neuron].tolist() == pytest.approx(best)
            assert whole[int(found.layers[neuron, 0]) * 30 + int(found.indices[neuron, 0])] == pytest.approx(best[0])


def test_the_control_keeps_how_often_each_token_stands_at_each_rank() -> None:
    tokens = torch.from_numpy(lists(3, 1, 30, 5)[0]["up", 1])
    mixed = shuffled(tokens, 4)
    for rank in range(5):
        assert sorted(mixed[:, rank].tolist()) == sorted(tokens[:, rank].tolist())
    assert not torch.equal(mixed, tokens)
    assert torch.equal(mixed, shuffled(tokens, 4))


def test_explanations_that_mean_the_same_are_near() -> None:
    generator = np.random.default_rng(0)
    style = 3 * generator.standard_normal(20)
    vectors = style + generator.standard_normal((60, 20))
    own = vectors[:1] + 0.1 * generator.standard_normal((2, 20))
    owners = np.array([7, *range(100, 159)])
    found, control = nearest_explained(own, vectors, owners, 3)
    assert found[0].owner == 7
    assert found[0].score > control > 0.5
    cosine = vectors @ own.T / np.linalg.norm(vectors, axis=1)[:, None] / np.linalg.norm(own, axis=1)
    assert [each.score for each in found] == pytest.approx(sorted(cosine.max(1), reverse=True)[:3])
