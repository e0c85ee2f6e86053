"""Explanations that predict by themselves: what each says of a text, and what it weighs."""

from __future__ import annotations

import pytest
from neuronkb.ingest.explain.known import Known, KnownGraph, TokenMeans
from neuronkb.ingest.explain.predictors import of_decoded, of_graph, of_tokens, predictors
from neuronkb.ingest.n2g.engine import Target
from neuronkb.ingest.n2g.graph import End, Graph, Node

TEXT = (" in", " June", " or", " july", "\n")


def test_a_token_table_says_the_mean_and_for_others_the_average() -> None:
    found = of_tokens(((" June", 4.0), ("\n", 0.5)), 0.25, "token table")
    assert found.predict(TEXT).tolist() == [0.25, 4.0, 0.25, 0.25, 0.5]
    assert found.written == " June\t4\n⏎\t0.5\n"
    assert found.length == len(found.written.encode())
    assert found.text == "June · ⏎"
    assert found.terms == ("june", "\n")


def test_a_long_table_names_its_first_tokens_and_weighs_all() -> None:
    long = of_tokens(tuple((f" t{i}", 100.0 - i) for i in range(100)), 0.0, "token table")
    assert long.text.endswith("t19 · and 80 more tokens")
    assert long.length > 100 * len("t0\t99\n") - 20
    assert len(long.terms) == 20


def test_decoded_tokens_count_in_any_spelling_the_strongest_as_the_maximum() -> None:
    found = of_decoded({"june": 8.0, "July ": 4.0, " JUNE": 2.0}, 3.0, "gate and up")
    assert found.predict(TEXT).tolist() == pytest.approx([0.0, 3.0, 0.0, 1.5, 0.0])
    ahead = of_decoded({"june": 8.0, "July ": 4.0}, 3.0, "down", 1)
    assert ahead.predict(TEXT).tolist() == pytest.approx([3.0, 0.0, 1.5, 0.0, 0.0])
    assert ahead.predict(()).tolist() == []
    assert ahead.explainer == "decoded down, the next token"


def graph() -> Graph:
    june = Node(-1, "token", " June", " June", 1.0, 1.0, True, End(0.5))
    after = Node(0, "token", " in", " in", 1.0, 0.0, False, End(0.8))
    return Graph((june, after))


def test_a_graph_says_what_it_predicts_in_the_neurons_units() -> None:
    found = of_graph(KnownGraph(graph(), 10.0, 0.1))
    assert found.predict(TEXT).tolist() == pytest.approx([1.0, 8.0, 1.0, 1.0, 1.0])
    assert found.predict((" June",)).tolist() == pytest.approx([5.0])
    assert found.text == "in June · June"
    assert found.written == " in June\t0.8\n June\t0.5\n"
    assert found.terms == ("june",)


def test_all_that_is_known_of_a_side_becomes_an_explanation() -> None:
    known = Known(
        Target(0, 1),
        3.0,
        (),
        {"gate": ((" a", 2.0),), "up": ((" a", 5.0), (" b", 4.0)), "down": ((" c", 1.0),)},
        KnownGraph(graph(), 1.0),
        ((" June", 2.0),),
        0.5,
    )
    found = {one.explainer: one for one in predictors(known, TokenMeans({" June": 2.0, " x": 3.0}))}
    assert {name: one.kind for name, one in found.items()} == {
        "n2g neuronkb": "graph",
        "token table": "token_table",
        "strongest 1 tokens": "token_table",
        "decoded gate and up": "decoded",
        "decoded down": "decoded",
        "decoded down, the next token": "decoded",
    }
    assert found["token table"].text == "x · June"
    assert predictors(Known(Target(0, 1), 0.0, ()), None) == []
