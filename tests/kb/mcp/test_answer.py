"""Answers fit, say what was cut, and are plain JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.kb.limits import Limits
from neuronkb.kb.mcp.answer import fitted, text
from neuronkb.queries import Entity
from neuronkb.queries.answers.findings import Finding
from neuronkb.schema import QueryError


def test_what_fits_is_as_it_was() -> None:
    answer = {"rows": [[1, 0.5, None, True, "a"]], "n": 1}
    assert fitted(answer, 1000) == answer
    assert text({"a": [1, "é"]}) == '{"a":[1,"é"]}'


def test_numbers_records_and_entities_are_plain() -> None:
    found = fitted(
        {
            "x": [1 / 3, math.nan, math.inf, 1e-300],
            "finding": Finding("f", "t", "a", "d", "m", ("m/L0/N0",)),
            "node": Entity(("Neuron",), {"id": "m/L0/N0"}),
        },
        1000,
    )
    assert found["x"] == [0.333333, None, None, 1e-300]
    assert found["finding"]["about"] == ["m/L0/N0"]
    assert found["node"] == {"labels": ["Neuron"], "id": "m/L0/N0"}


def test_the_longest_list_is_cut_and_marked() -> None:
    found = fitted({"rows": [[i, "x" * 20] for i in range(100)], "columns": ["i", "x"]}, 1000)
    kept = len(found["rows"])
    assert 10 <= kept < 50
    assert found["rows"] == [[i, "x" * 20] for i in range(kept)]
    assert found["columns"] == ["i", "x"]
    assert found["cut"] == [{"at": "rows", "of": 100, "kept": kept}]


def test_a_long_text_is_cut_and_marked() -> None:
    found = fitted({"text": "y" * 9000}, 100_000)
    assert len(found["text"]) == 4000
    assert found["cut"] == [{"at": "text", "of": 9000, "kept": 4000}]


def test_what_cannot_be_cut_is_left_out() -> None:
    assert fitted({str(i): i for i in range(1000)}, 100) == {"cut": [{"at": "", "kept": 0, "of": 1000}]}


def test_the_largest_value_is_left_out_where_no_list_is_long() -> None:
    answer = {"neuron": "m/L0/N0", "notes": {"a": "y" * 300}, "facts": {"b": "x" * 900}, "warnings": []}
    left = [{"at": "facts", "of": 1, "kept": 0}]
    assert fitted(answer, 600) == {name: answer[name] for name in ("neuron", "notes", "warnings")} | {"cut": left}
    left.append({"at": "notes", "of": 1, "kept": 0})
    assert fitted(answer, 200) == {"neuron": "m/L0/N0", "warnings": [], "cut": left}


leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


@given(
    st.dictionaries(st.text(max_size=5).filter(lambda key: key != "cut"), values, max_size=4),
    st.integers(60, 400),
)
def test_every_answer_fits_and_is_json(answer: dict[str, Any], characters: int) -> None:
    found = fitted(answer, characters)
    assert len(text(found)) <= characters
    assert json.loads(text(found)) == found
    assert set(found) <= {*answer, "cut"}


def test_limits_are_ceilings() -> None:
    limits = Limits(seconds=5, rows=10)
    assert [limits.count(n) for n in (None, 3, 10, 99)] == [10, 3, 10, 10]
    assert [limits.time(s) for s in (None, 0.5, 60)] == [5, 0.5, 5]
    with pytest.raises(QueryError, match="limit is 0, expected more than 0 and at most 10"):
        limits.count(0)
    with pytest.raises(QueryError, match="rows is 0"):
        Limits(rows=0)


HOSTILE = "\x1b]0;t\x07\x9b1m\u202e\u200b\u2028</text>\U000e0041"


def test_what_would_steer_a_terminal_is_escaped_and_the_same_data() -> None:
    answer = fitted({HOSTILE: [HOSTILE]}, 1000)
    assert answer == {HOSTILE: [HOSTILE]}
    said = text(answer)
    assert json.loads(said) == answer
    assert said.isascii()


def test_half_a_character_is_shown_as_a_mark() -> None:
    answer = fitted({"a": "x\ud800y", "\udfff": 1}, 1000)
    assert answer == {"a": "x<U+D800>y", "<U+DFFF>": 1}
    text(answer).encode()
