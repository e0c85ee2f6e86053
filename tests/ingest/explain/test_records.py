"""Explanations and scores as evidence: what is one node and what is two, and that no number is made up."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.explain.records import SCORERS, Explanation, Score, merged
from neuronkb.ingest.explain.tables import record_tables, score_tables
from neuronkb.ingest.explain.words import STOP, key_words
from neuronkb.schema import LatentId, NeuronId, PublishedError

A, B = NeuronId("m", 0, 1), NeuronId("m", 0, 2)
LATENT = LatentId("m", "sae", 7)


def test_every_row_of_one_explanation() -> None:
    score = Score("correlation", "ev-correlation", 0.5, 0.1, 640, 3, "top-and-random", "sim", 1)
    made = record_tables([Explanation(A, " Names of months.", "gpt", pole=-1, scores=(score,))], "r")
    (explanation,) = made["Explanation"].to_pylist()
    assert explanation["text"] == " Names of months."
    assert (explanation["length"], explanation["run"]) == (17, "r")
    (edge,) = made["Neuron.EXPLAINED_BY.Explanation"].to_pylist()
    assert edge == {
        "start": "m/L0/N1",
        "end": explanation["id"],
        "pole": -1,
        "rank": 1,
        "run": "r",
        **dict.fromkeys(("scorer", "formula", "value", "null", "n")),
    }
    (row,) = made["Score"].to_pylist()
    assert (row["value"], row["null"], row["n"], row["failed"], row["seed"]) == (0.5, 0.1, 640, 3, 1)
    assert made["Explanation.SCORED.Score"].to_pylist() == [{"start": explanation["id"], "end": row["id"], "run": "r"}]
    assert made["Score.OF.Neuron"].to_pylist() == [{"start": row["id"], "end": "m/L0/N1", "run": "r"}]
    assert set(made["Explanation.MENTIONS.Term"]["end"].to_pylist()) == {"names", "months"}


def test_the_headline_stands_on_the_relationship() -> None:
    """The score of this very pole and unit, whatever its candidates, raters and other neurons scored."""
    first = Score("correlation", "ev-correlation", 0.5, 0.1, 640, 3, "top-and-random", "sim", 1, pole=-1)
    scores = (
        replace(first, split="choosing", value=0.9),
        replace(first, on=B, value=0.8),
        replace(first, pole=1, value=0.7),
        replace(first, scorer="human", formula="rating", split=None, rater="me", value=1.0),
        replace(first, formula="r2-uncentred", value=0.6),
        first,
    )
    for order in (scores, scores[::-1]):
        made = record_tables([Explanation(A, "months", "gpt", pole=-1, scores=order)], "r")
        (edge,) = made["Neuron.EXPLAINED_BY.Explanation"].to_pylist()
        found = {name: edge[name] for name in ("scorer", "formula", "value", "null", "n")}
        assert found == {"scorer": "correlation", "formula": "ev-correlation", "value": 0.5, "null": 0.1, "n": 640}
    made = record_tables([Explanation(LATENT, "months", "gpt", scores=(replace(first, pole=1),))], "r")
    assert made["Latent.EXPLAINED_BY.Explanation"].column("value").to_pylist() == [0.5]


def test_the_same_words_are_one_node_and_a_predictor_is_its_neurons_own() -> None:
    words = [Explanation(A, "months", "gpt"), Explanation(B, "months", "gpt")]
    assert record_tables(words, "r")["Explanation"].num_rows == 1
    assert record_tables(words, "r")["Neuron.EXPLAINED_BY.Explanation"].num_rows == 2
    assert record_tables([replace(one, kind="graph") for one in words], "r")["Explanation"].num_rows == 2
    ids = {Explanation(A, "months", "gpt").id("r"), Explanation(A, "months", "other").id("r")}
    assert len(ids | {Explanation(A, "months", "gpt").id("other run")}) == 3


def test_scores_that_differ_in_formula_split_simulator_rater_or_pole_stand_side_by_side() -> None:
    base = Score("detection", "f1", 0.5, split="report", simulator="s")
    others = [
        replace(base, formula="balanced-accuracy"),
        replace(base, split="choose"),
        replace(base, simulator="t"),
        replace(base, scorer="human", rater="ann"),
        replace(base, pole=-1),
        replace(base, on=B),
    ]
    made = record_tables([Explanation(A, "months", "gpt", scores=(base, *others))], "r")
    assert made["Score"].num_rows == 7
    assert made["Score.OF.Neuron"]["end"].to_pylist().count("m/L0/N2") == 1


def test_a_latent_is_never_a_neuron() -> None:
    made = record_tables([Explanation(LATENT, "months", "gpt", scores=(Score("fuzzing", "f1", 1.0),))], "r")
    assert not any(name.startswith("Neuron") for name in made)
    assert made["Latent"].to_pylist() == [{"id": "m/sae/7", "source": "m/sae", "index": 7}]
    assert made["Source.OF.Model"].to_pylist() == [{"start": "m/sae", "end": "m"}]
    assert "Score.OF.Latent" in made


def test_later_scores_name_the_stored_explanation() -> None:
    made = score_tables([("abc", A, Score("human", "rating", 3.0, rater="ann"))], "later")
    assert made["Explanation.SCORED.Score"]["start"].to_pylist() == ["abc"]
    assert "Explanation" not in made


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_null(bad: float) -> None:
    score = Score("correlation", "ev-correlation", bad, bad)
    assert (score.value, score.null) == (None, None)


def test_failures_are_no_explanations() -> None:
    with pytest.raises(PublishedError, match="without a text"):
        Explanation(A, "  ", "gpt")
    guess: Any = "guess"
    with pytest.raises(PublishedError, match="'guess', expected one of correlation"):
        Score(guess, "f", 1.0)


def test_duplicates_merge_and_are_counted() -> None:
    first, second = Score("fuzzing", "f1", 0.5), Score("detection", "f1", 0.5)
    twice = [
        Explanation(A, "months", "gpt", scores=(first,)),
        Explanation(A, "months", "gpt", scores=(first, second), embedding=(1.0,), embedder="e"),
        Explanation(B, "months", "gpt"),
    ]
    found, away = merged(twice)
    assert away == 1
    assert [one.unit for one in found] == [A, B]
    assert found[0].scores == (first, second)
    assert found[0].embedder == "e"


def test_key_words() -> None:
    assert key_words("References to Paris, and the city's café; re-use of 漢 x") == (
        "paris",
        "city",
        "café",
        "re-use",
        "漢",
    )


@given(st.text())
def test_key_words_are_folded_and_never_stop_words(text: str) -> None:
    found = key_words(text)
    assert len(set(found)) == len(found)
    assert not STOP & set(found)
    assert all(word == word.casefold() for word in found)


def test_every_scorer_makes_a_score() -> None:
    assert all(Score(scorer, "f", 0.0).value == 0.0 for scorer in SCORERS)
