"""The null of words found by chance is the hypergeometric distribution."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.queries.answers.find import word_lists
from neuronkb.queries.statistics.chance import hypergeometric


@given(st.integers(1, 60), st.data())
def test_hypergeometric_is_the_definition(population: int, data: st.DataObject) -> None:
    marked = data.draw(st.integers(0, population))
    drawn = data.draw(st.integers(0, population))
    chances = [hypergeometric(population, marked, drawn, hits) for hits in range(drawn + 1)]
    assert sum(chances) == pytest.approx(1)
    for hits, chance in enumerate(chances):
        expected = comb(marked, hits) * comb(population - marked, drawn - hits) / comb(population, drawn)
        assert chance == pytest.approx(expected, rel=1e-9)


def test_word_lists_are_folded_and_without_doubles() -> None:
    for name, words in word_lists().items():
        assert len(words) == len(set(words)), name
        assert all(word == word.strip().casefold() for word in words), name
