"""Excerpts on a page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.queries.drawing.excerpt import excerpt_html, largest
from neuronkb.queries.result.picture import ExcerptView


def view(tokens: list[str], activations: list[float], pole: int = 1) -> ExcerptView:
    return ExcerptView(tuple(tokens), tuple(activations), max(activations, default=0.0), "top", pole, "d1")


DOG = view(["My", " small", " dog", " barks", "\n"], [0.0, -1.0, 8.0, 4.0, 0.1])


class Spans(HTMLParser):
    """The text of a fragment, and each tag with what it says."""

    def __init__(self, fragment: str) -> None:
        super().__init__()
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_spans_say_their_number() -> None:
    found = Spans(excerpt_html(DOG, 8.0))
    assert found.text == "My small dog barks⏎"
    words = [(tag, attrs) for tag, attrs in found.tags if tag in {"span", "b"}]
    assert [attrs["title"] for _, attrs in words] == ["0", "-1", "+8", "+4", "+0.1"]
    assert [tag for tag, _ in words] == ["span", "span", "b", "span", "span"]
    assert words[2][1]["style"] == "background:rgba(213,94,0,0.7)"
    assert words[1][1]["style"] == "background:rgba(0,114,178,0.09)"
    assert "style" not in words[0][1]


def test_html_of_the_negative_pole_shows_the_hidden_value() -> None:
    (word,) = (a for t, a in Spans(excerpt_html(view(["x"], [5.5], pole=-1), 5.5)).tags if t == "b")
    assert word == {"title": "-5.5", "style": "background:rgba(0,114,178,0.7)"}


@pytest.mark.parametrize("token", ["<script>alert(1)</script>", '"', "' onload='x", "&lt;", "</p>", "<!--", "]]>"])
def test_a_token_stays_text(token: str) -> None:
    found = Spans(excerpt_html(view([token, " b"], [1.0, 0.5]), 1.0))
    assert found.text == f"{token} b"
    assert [tag for tag, _ in found.tags] == ["p", "b", "span", "i"]


@given(st.lists(st.text(st.characters(), max_size=8), min_size=1, max_size=6))
def test_html_never_grows_a_tag(tokens: list[str]) -> None:
    tags = {tag for tag, _ in Spans(excerpt_html(view(tokens, [1.0] * len(tokens)), 1.0)).tags}
    assert tags <= {"p", "span", "b", "i"}


def test_html_around_the_strongest() -> None:
    assert Spans(excerpt_html(DOG, 8.0, around=1)).text == "… small dog barks…"
    assert Spans(excerpt_html(DOG, 8.0, around=2)).text == "My small dog barks⏎"


def test_a_silent_neuron_has_no_colour() -> None:
    silent = view(["a", "b"], [0.0, 0.0], pole=-1)
    assert "style" not in excerpt_html(silent, largest([silent]))
    assert 'title="0"' in excerpt_html(silent, 0.0)


def test_largest_is_of_either_sign() -> None:
    assert largest([DOG, view(["a", "b"], [2.0, -11.0])]) == 11.0


def test_nothing_in_nothing_out() -> None:
    assert excerpt_html(view([], []), 0.0) == '<p class="excerpt" dir="auto"></p>'
    assert largest([]) == 0.0
