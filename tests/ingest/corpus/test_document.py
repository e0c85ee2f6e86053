from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.corpus.document import LIMIT, Document, Skipped, make_document


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.text("ab", min_size=1))
def test_text_and_its_utf8_are_the_same_document(text: str, name: str) -> None:
    expected = Document(name, text)
    assert make_document(text, name, "f:1") == make_document(text.encode(), name.encode(), "f:1") == expected


@pytest.mark.parametrize("given", [None, "", True, 1.5, ["a"]])
def test_without_a_usable_id_the_place_is_the_id(given: object) -> None:
    assert make_document("x", given, "f:7") == Document("f:7", "x")


def test_a_number_is_an_id() -> None:
    assert make_document("x", 12, "f:7") == Document("12", "x")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "null"),
        (3, "of type int"),
        (["a"], "of type list"),
        (b"caf\xe9", "not UTF-8: unexpected end of data at byte 3"),
        ("\ud800", "lone surrogate"),
        ("a\0b", "zero byte"),
        ("x" * (LIMIT + 1), "longer than 16 MiB"),
    ],
)
def test_what_is_no_text_is_skipped_and_says_why(text: object, why: str) -> None:
    found = make_document(text, None, "f:3")
    assert isinstance(found, Skipped)
    assert found.where == "f:3"
    assert why in found.why


def test_an_id_that_cannot_be_written_is_no_document() -> None:
    assert isinstance(make_document("x", "\ud800", "f:1"), Skipped)
    assert isinstance(make_document("x", b"\xff", "f:1"), Skipped)
