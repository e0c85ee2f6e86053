"""Shared words of two sources: against brute force over all pairs of neurons, and on planted and shuffled words."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from neuronkb.queries.statistics.overlap import UNIT, Words, overlap, word_weights

Triple = tuple[int, int, int]


def words(triples: set[Triple]) -> Words:
    columns = np.array(sorted(triples), np.int64).reshape(-1, 3)
    return Words(columns[:, 0], columns[:, 1], columns[:, 2])


TRIPLES = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 1), st.integers(0, 5)), max_size=14)


@settings(max_examples=150, deadline=None)
@given(one=TRIPLES, two=TRIPLES, weights=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_as_every_pair_counted_by_hand(one: set[Triple], two: set[Triple], weights: list[int]) -> None:
    found = overlap(words(one), words(two), np.array(weights, np.int64))

    def score(a: int, b: int, side: int) -> int:
        return sum(weights[w] for w in range(6) if (a, side, w) in one and (b, side, w) in two)

    speak = [{(n, s) for n, s, _ in said} for said in (one, two)]
    pairs = [(a, b, s) for (a, s), (b, t) in product(*speak) if s == t and a != b]
    null = [score(*pair) for pair in pairs]
    units = sorted(speak[0] & speak[1], key=lambda unit: (unit[1], unit[0]))
    assert list(zip(found.neuron.tolist(), found.side.tolist(), strict=True)) == units
    for i, (neuron, side) in enumerate(units):
        own = score(neuron, neuron, side)
        assert found.score[i] == own
        expected = (1 + sum(value >= own for value in null)) / (1 + len(null)) if own else 1.0
        assert found.p[i] == pytest.approx(expected)
        others = [score(a, b, s) for a, b, s in pairs if (a, s) == (neuron, side)]
        assert found.expected[i] == pytest.approx(sum(others) / len(others) if others else 0.0)
    share = len(units) * sum(value > 0 for value in null) / len(pairs) if pairs else 0.0
    assert found.sharing == pytest.approx(share)


def test_common_words_weigh_less_and_universal_ones_nothing() -> None:
    one = words({(n, 0, 0) for n in range(4)} | {(0, 0, 1), (0, 1, 1), (1, 0, 1)})
    two = words({(0, 0, 2), (1, 0, 1)})
    weights = word_weights([one, two], 4)
    # Four neurons speak; word 0 is on all, word 1 on two (not three: both sides of one count once), word 2 on one.
    assert weights.tolist() == [0, round(UNIT * math.log(2)), round(UNIT * math.log(4)), round(UNIT * math.log(4))]


def test_weights_do_not_change_when_words_go_to_other_neurons() -> None:
    one, two = words({(0, 0, 0), (1, 0, 0), (2, 0, 1)}), words({(0, 0, 0), (1, 0, 2), (2, 1, 0)})
    moved = Words((two.neuron + 1) % 3, two.side, two.word)
    assert (word_weights([one, two], 3) == word_weights([one, moved], 3)).all()


def test_blocks_of_rows_are_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    said = [words({tuple(t) for t in rng.integers(0, (40, 2, 30), (200, 3)).tolist()}) for _ in range(2)]
    weights = word_weights(said, 30)
    whole = overlap(said[0], said[1], weights)
    monkeypatch.setattr("neuronkb.queries.statistics.overlap.CELLS", 64)
    cut = overlap(said[0], said[1], weights)
    assert (whole.p == cut.p).all()
    assert whole.expected == pytest.approx(cut.expected)


def test_planted_agreement_stands_out_and_shuffled_does_not() -> None:
    rng = np.random.default_rng(1)
    noise = [{(n, 0, int(w)) for n in range(200) for w in rng.integers(0, 500, 8)} for _ in range(2)]
    planted = {(n, 0, 500 + n * 3 + i) for n in range(20) for i in range(3)}
    weights = word_weights([words(noise[0] | planted), words(noise[1] | planted)], 600)
    found = overlap(words(noise[0] | planted), words(noise[1] | planted), weights)
    assert (found.p[:20] < 1e-4).all()
    assert (found.p[20:] < 1e-3).mean() < 0.01
    order = rng.permutation(200)
    shuffled = {(int(order[n]), s, w) for n, s, w in noise[1] | planted}
    null = overlap(words(noise[0] | planted), words(shuffled), weights)
    assert (null.p < 0.05).mean() < 0.1


def test_one_sided_leaves_out_what_is_on_both_sides() -> None:
    left = words({(0, 0, 1), (0, 1, 1), (0, 1, 2), (1, 0, 1)}).one_sided()
    assert sorted(zip(left.neuron, left.side, left.word, strict=True)) == [(0, 1, 2), (1, 0, 1)]
    assert sorted(left.flipped().side.tolist()) == [0, 1]
