"""The null of words found by chance is the hypergeometric distribution."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.queries.answers.ends import Concept, Concepts, End, Ends, TokenHits
from neuronkb.queries.answers.find import word_lists
from neuronkb.queries.statistics.chance import hypergeometric

from tests.drawn import check_doors, terminal


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


LONG = "google/gemma-3-270m"
TOKENS = (" May", " dog", "may", " June", " dog")


def an_end(neuron: str = f"{LONG}/L17/N2020", by_chance: float | None = 2e-28) -> End:
    return End(neuron, "down", -1, TOKENS, "lm-head-1", 2, by_chance)


def test_concepts_are_one_table_of_one_model() -> None:
    record = Concepts((Concept("months", ("may", "june"), (an_end(),)), Concept("moods", ("joy",), ())), 4)
    (section,) = record.sections()
    assert section.caption == f"neurons of {LONG}"
    (row,) = section.rows
    assert row[:6] == ("months", "L17/N2020", "down -", 2, 5, 2e-28)
    assert str(row[6]) == "May · (dog) x2 · may · June"
    check_doors(record)
    (line,) = [line for line in terminal(record).splitlines() if "L17/N2020" in line]
    assert line.split()[:7] == ["months", "L17/N2020", "down", "-", "2", "5", "2e-28"]


def test_of_several_models_each_neuron_says_its_own() -> None:
    record = Ends((an_end(), an_end("other/L0/N1")), ("may", "june"))
    assert [row[0] for row in record.sections()[0].rows] == [f"{LONG}/L17/N2020", "other/L0/N1"]
    check_doors(record)


def test_what_no_chance_is_known_of_has_no_column_of_it() -> None:
    (section,) = Ends((an_end(by_chance=None),)).sections()
    assert section.columns == ("neuron", "row", "coherence", "top tokens")


def test_hits_are_short_in_a_table_and_whole_for_programs() -> None:
    columns = ("neuron", "projection", "pole", "token", "rank", "z", "probability", "convention", "run")
    row = (f"{LONG}/L17/N2020", "down", 1, " May", 3, 8.5, 0.25, "raw", "lm-head-1")
    hits = TokenHits(columns, [row], caption="neurons that decode to 'may'")
    (section,) = hits.sections()
    assert section.columns == ("neuron", "row", "token", "rank", "z")
    assert hits.table() == (columns, [row])
    assert hits.json()["rows"] == [dict(zip(columns, row, strict=True))]
    check_doors(hits)


def test_nothing_of_any_list_is_said() -> None:
    record = Concepts((Concept("moods", ("joy",), ()),), 4)
    assert record.warnings == ("nothing found: no end has 4 words of such a list among its top tokens",)
    check_doors(record)
