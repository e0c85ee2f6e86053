"""The head comment of a catalogue file."""

from __future__ import annotations

import numpy as np
import pytest
from neuronkb.queries.catalogue.header import read_header
from neuronkb.queries.catalogue.parameter import REQUIRED, Parameter, Type
from neuronkb.schema import NeuronId, QueryError

GOOD = [
    "What it answers,",
    "in two lines.",
    "$word: word; the word,",
    "in any spelling",
    "$side: int of 1 | -1 = 1; which",
    "$kind: text of a | b c = null; which; of two",
    "columns: x, y,",
    "z",
    "needs: DECODES_TO, SPELLS from lm-head; NAMED from probes",
    'example: {"word": "a"}',
]


def test_all_of_it_is_read() -> None:
    found = read_header("q", GOOD)
    assert found.purpose == "What it answers, in two lines."
    assert found.parameters == (
        Parameter("word", "word", "the word, in any spelling"),
        Parameter("side", "int", "which", 1, (1, -1)),
        Parameter("kind", "text", "which; of two", None, ("a", "b c")),
    )
    assert found.columns == ("x", "y", "z")
    assert [str(need) for need in found.needs] == ["DECODES_TO, SPELLS from lm-head", "NAMED from probes"]
    assert (found.any_need, found.example, found.part_of) == (False, {"word": "a"}, None)
    other = read_header("q", ["What.", "columns: x", "needs any: NAMED from probes", "example: {}", "part of: a verb"])
    assert (other.any_need, other.part_of) == (True, "a verb")


@pytest.mark.parametrize(
    ("place", "line", "message"),
    [
        (6, "", "lacks columns"),
        (8, "", "lacks needs"),
        (9, "", "lacks example"),
        (2, "$word: wort; the word", r"\$word: 'wort; the word in any spelling' is not"),
        (2, "$word: word", "is not `type"),
        (8, "needs: NAMED", "is not `TYPE, TYPE from MAKER`"),
        (8, "needs: NAMED from nobody", "a maker of lm-head"),
        (9, "example: word", "no JSON object"),
        (9, 'example: [["word", "a"]]', "no JSON object"),
        (9, "example: " + "[" * 5000, "no JSON object"),
        (4, "$side: int = one; which", r"q: \$side: the default 'one' is not JSON"),
    ],
)
def test_what_is_missing_or_wrong_is_named(place: int, line: str, message: str) -> None:
    lines = [*GOOD[:place], line, *GOOD[place + 1 :]]
    if message == "lacks columns":
        lines = [each for each in lines if each != "z"]
    with pytest.raises(QueryError, match=message):
        read_header("q", lines)


def test_values_are_brought_to_their_type() -> None:
    assert Parameter("top", "text", "").value("x", "q") == "x"
    assert Parameter("w", "words", "").value([" June", "MAY"], "q") == ["june", "may"]
    assert Parameter("n", "neuron", "").value("m/3-mlp/17", "q") == "m/L3/N17"
    assert Parameter("n", "neuron", "").value(NeuronId("m", 3, 17), "q") == "m/L3/N17"
    number = Parameter("n", "int", "").value(np.int64(3), "q")
    assert (number, type(number)) == (3, int)
    assert Parameter("x", "float", "").value(2, "q") == 2.0
    assert Parameter("x", "text", "", None).value(None, "q") is None
    assert Parameter("x", "word", "").value("  ", "q") == "  "


@pytest.mark.parametrize(
    ("kind", "value"), [("float", float("nan")), ("float", "2"), ("int", 2.5), ("bool", 1), ("text", 3), ("text", None)]
)
def test_values_of_other_types_are_refused(kind: Type, value: object) -> None:
    parameter = Parameter("x", kind, "", REQUIRED)
    with pytest.raises(QueryError, match="query 'q': x is"):
        parameter.value(value, "q")
