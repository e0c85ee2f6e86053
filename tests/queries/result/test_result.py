"""Rows with attributes, and answers as HTML."""

from __future__ import annotations

import pytest
from neuronkb.queries import Counterpart, DecodedEnd, NeuronCard, Result
from neuronkb.queries.answers.explanations import ExplanationView, ScoreView

FOUND = Result(("neuron", "count", "n.id"), [("m/L0/N1", 3, "x"), ("m/L0/N2", 4, "y")])


def test_a_row_is_read_by_place_name_and_attribute() -> None:
    row = FOUND[0]
    assert (row.neuron, row.count, row["n.id"], row[0], row[-1]) == ("m/L0/N1", 3, "x", "m/L0/N1", "x")
    assert [each.count for each in FOUND] == [3, 4]
    neuron, *rest = row
    assert (neuron, rest, len(row)) == ("m/L0/N1", [3, "x"], 3)
    assert row == FOUND.rows[0]
    assert list(FOUND) == FOUND.rows
    assert hash(row) == hash(FOUND.rows[0])
    assert "neuron" in dir(row)
    assert repr(row) == "Row(neuron='m/L0/N1', count=3, n.id='x')"


def test_an_unknown_column_is_answered_with_the_near_one() -> None:
    with pytest.raises(AttributeError, match="no column 'neurons'; did you mean neuron"):
        _ = FOUND[0].neurons
    with pytest.raises(KeyError, match="no column 'counts'; did you mean count"):
        FOUND[0]["counts"]
    assert not hasattr(FOUND[0], "__array__")


def test_html_is_escaped_and_cut() -> None:
    text = Result(("<b>",), [("<script>alert(1)</script>",), ("x" * 400,), (0.123456,)], truncated=True, limit=3)
    html = text._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert '<th scope="col">&lt;b&gt;</th>' in html
    assert "x" * 300 + "…" in html
    assert "0.1235" in html
    assert "3 rows; cut after 3" in html
    many = Result(("n",), [(i,) for i in range(60)])._repr_html_()
    assert many.count("<tr>") == 51
    assert "60 rows, the first 50 shown" in many


def test_a_card_as_html_shows_what_is_known_and_escapes_tokens() -> None:
    side = DecodedEnd("r", "raw", "down", -1, ((" <i>", 9.5, 0.1), ("\n", 8.0, 0.1)), 12.0, 0.5)
    html = NeuronCard("m/L0/N1", "m", 0, 1, 2, 8, (side,), (Counterpart("base", "b&c/L0/N1", "r", {}),))._repr_html_()
    assert "Layer 0 of 2, neuron 1 of 8" in html
    assert "<i> </i>&lt;i&gt;</bdi>" in html
    assert "down -" in html
    assert "b&amp;c/L0/N1" in html
    assert "<i>" not in html.replace("<i> </i>", "")
    score = ScoreView("r", "correlation", "ev-correlation", "top-and-random", 0.625, 0.125, 9, 0, 4, "llm", None, 0)
    view = ExplanationView("e", "m/L0/N1", "r", 1, 1, "text", "names of <dogs>", "llm", "m", 9, None, (score,))
    told = NeuronCard("m/L0/N1", "m", 0, 1, 2, 8, (), (), explanations=(view,))._repr_html_()
    assert "names of &lt;dogs&gt;" in told
    assert "0.625" in told
    assert "0.125" in told
    bare = NeuronCard("m/L0/N1", "m", 0, 1, 2, 8, (), ())._repr_html_()
    assert "Nothing is known of this neuron yet" in bare
