from __future__ import annotations

import pytest
from neuronkb.ingest.features import Feature
from neuronkb.ingest.features.rules import PREDICATES, holds, token_labels

TRUE = {
    " 42": {"contains_digit", "all_digits", "contains_whitespace", "has_leading_space"},
    "Ab1": {"contains_digit", "contains_capital", "leading_capital"},
    " USA": {"contains_capital", "leading_capital", "all_capitals", "contains_whitespace", "has_leading_space"},
    "ing": {"no_leading_space_and_loweralpha"},
    "\n\n": {"contains_whitespace", "contains_all_whitespace"},
    "  ": {"contains_whitespace", "contains_all_whitespace", "has_leading_space"},
    " (": {"contains_whitespace", "has_leading_space", "is_not_alphanumeric"},
    "é": {"is_not_ascii", "no_leading_space_and_loweralpha"},
    "iPhone": {"contains_capital"},
}


@pytest.mark.parametrize("text", TRUE)
def test_predicates(text: str) -> None:
    assert {name for name, predicate in PREDICATES.items() if predicate(text)} == TRUE[text]


def test_there_are_the_eleven_published() -> None:
    assert len(PREDICATES) == 11


def test_prefix_and_suffix_are_of_longer_words() -> None:
    prefix, suffix = Feature("p", prefix="un"), Feature("s", suffix="ing")
    assert [holds(prefix, text) for text in (" undo", "Unit", " un", "fun", " un-do")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [holds(suffix, text) for text in (" going", "ING", "Ring", "rings")] == [True, False, True, False]


def test_pieces_of_characters_and_what_is_no_text_have_no_label() -> None:
    found = token_labels([Feature("d", predicate="all_digits"), Feature("s", suffix="s")], ["7", "cats", "\ufffd", ""])
    assert found.tolist() == [[1, 0], [0, 1], [-1, -1], [-1, -1]]
