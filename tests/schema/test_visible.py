"""What a person sees of a token, whatever is in it."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.schema.visible import escaped, marked, plain, visible


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
        ("a\u200db", "a<U+200D>b"),
        ("\u200c", "<U+200C>"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("1\ufe0f\u20e3 ↔\ufe0f ❤\ufe0f\u200d🔥", "1\ufe0f\u20e3 ↔\ufe0f ❤\ufe0f\u200d🔥"),
        ("a\ufe0f❤\ufe0f\ufe0f", "a<U+FE0F>❤\ufe0f<U+FE0F>"),
        ("葛\U000e0100", "葛\U000e0100"),
        ("x\U000e0100\U000e0041", "x<U+E0100><U+E0041>"),
        ("a\u00adb\u034f\u3164\u115f\uffff", "a<U+00AD>b<U+034F><U+3164><U+115F><U+FFFF>"),
        ("\x9b31m\x85", "<U+009B>31m<U+0085>"),
        ("שלום العربية", "שלום العربية"),
        ("\ufffd", "\ufffd"),
    ],
)
def test_visible(token: str, seen: str) -> None:
    assert visible(token) == seen


@given(st.text(st.characters()))
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    for shown in (visible(text), plain(text), marked(text).replace("\n", "").replace("\t", "")):
        nothing_hidden(shown)
    assert not visible(text).startswith(" ")


def nothing_hidden(shown: str) -> None:
    assert {unicodedata.category(letter) for letter in shown if letter not in "\u200c\u200d"}.isdisjoint(
        {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )


@given(st.text(st.characters()), st.sampled_from([None, 1]))
def test_escaped_json_is_the_same_data_and_hides_nothing(text: str, indent: int | None) -> None:
    shown = escaped(json.dumps({text: [text]}, ensure_ascii=False, indent=indent))
    assert json.loads(shown) == {text: [text]}
    nothing_hidden(shown.replace("\n", ""))


def test_an_output_keeps_its_lines() -> None:
    assert marked("a\tb\nc\r\nd\re\x1b") == "a\tb\nc\r\nd␍e<U+001B>"


@given(st.text(st.characters(categories=["L", "N", "P"])))
def test_ordinary_text_is_itself(text: str) -> None:
    assert plain(text) == text
