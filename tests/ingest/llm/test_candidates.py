from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.llm.candidates import Candidates, paths_after, shared_length


def test_a_continuation_that_begins_another_counts_without_it() -> None:
    one, zero, two = 7, 3, 9
    candidates = Candidates(((one,), (two,), (one, zero)))
    assert candidates.nodes == ((), (one,))
    assert candidates.tokens == (zero, one, two)
    # P(1) = 0.5, P(2) = 0.2, P(0 | 1) = 0.6
    logs = np.log([[0.1, 0.5, 0.2], [0.6, 0.1, 0.1]])
    np.testing.assert_allclose(np.exp(candidates.score(logs)), [0.5 * 0.4, 0.2, 0.5 * 0.6])


def test_of_a_chain_each_counts_without_the_next_alone() -> None:
    candidates = Candidates(((1,), (1, 2), (1, 2, 3)))
    logs = np.log([[0.5, 0.1, 0.1], [0.1, 0.4, 0.1], [0.1, 0.1, 0.25]])
    np.testing.assert_allclose(np.exp(candidates.score(logs)), [0.5 - 0.2, 0.2 - 0.05, 0.05])


def test_nothing_is_left_of_one_that_always_goes_on() -> None:
    candidates = Candidates(((1,), (1, 2)))
    assert candidates.score(np.log([[1.0, 0.5], [0.0 + 1e-300, 1.0]])).tolist() == [-np.inf, 0.0]


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=4), min_size=1, max_size=8), st.integers(0, 10**6))
def test_probabilities_are_those_of_a_walk_that_stops_at_the_longest(paths: list[list[int]], seed: int) -> None:
    """Brute force: walk all strings of 4 tokens, each is the longest continuation that it begins with."""
    unique = tuple(dict.fromkeys(tuple(path) for path in paths))
    candidates = Candidates(unique)
    random = np.random.default_rng(seed)
    table = {node: random.dirichlet(np.ones(3)) for node in candidates.nodes}
    logs = np.log([[table[node][token] for token in candidates.tokens] for node in candidates.nodes])
    wanted = np.zeros(len(unique))
    for code in range(81):
        walk = tuple(code // 3**i % 3 for i in range(4))
        chance = np.prod([table.get(walk[:n], np.full(3, 1 / 3))[walk[n]] for n in range(4)])
        begun = [i for i, path in enumerate(unique) if walk[: len(path)] == path]
        if begun:
            wanted[max(begun, key=lambda i: len(unique[i]))] += chance
    np.testing.assert_allclose(np.exp(candidates.score(logs)), wanted, atol=1e-12)


def test_paths_begin_where_the_tokenizer_stops_joining() -> None:
    assert paths_after((1, 2), [(1, 2, 5), (1, 2, 6)]) == (2, Candidates(((5,), (6,))))
    assert paths_after((1, 2), [(1, 25), (1, 2, 6)]) == (1, Candidates(((25,), (2, 6))))
    assert paths_after((1, 2), [(1, 2, 5), (1, 2, 5)]) == (2, None)
    assert paths_after((1, 2), [(1, 2), (1, 2, 5)]) == (2, None)


def test_shared_length() -> None:
    assert shared_length([(1, 2, 3), (1, 2, 4)], 9) == 2
    assert shared_length([(1, 2, 3)], 2) == 2
