"""What a person sees of a token, whatever is in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.schema.visible import plain, visible


@pytest.mark.parametrize(
    ("token", "seen"),
    [
        (" dog", "·dog"),
        ("   x", "···x"),
        ("a b ", "a b "),
        ("  ", "··"),
        ("", ""),
        ("\n\n", "⏎⏎"),
        (" \t\r", "·⇥␍"),
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("a\u202eb", "a<U+202E>b"),
        ("\ud83d", "<U+D83D>"),
        ("\u2028", "<U+2028>"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("犬", "犬"),
    ],
)
def test_visible(token: str, seen: str) -> None:
    assert visible(token) == seen


@given(st.text(st.characters()))
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    assert {unicodedata.category(letter) for letter in shown if letter not in "\u200c\u200d"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )
    assert not shown.startswith(" ")


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_ordinary_text_is_itself(text: str) -> None:
    assert plain(text) == text
