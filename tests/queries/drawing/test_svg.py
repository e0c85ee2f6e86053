"""Elements, words and numbers of a picture."""

from __future__ import annotations

import pytest
from neuronkb.queries.drawing.svg import Svg, breadth, element, fitted, number, right_to_left, text
from neuronkb.schema import PictureError

from tests.queries.drawing.svgs import read

PICTURE = Svg(20, 10.5, 'a "label" <b>', text(1, 2, "<x> & \u202e"), "chart")


def test_numbers_are_short() -> None:
    shown = {1.0: "1", 0.1: "0.1", 100.0: "100", 2.345678: "2.35", -0.001: "0", -3.5: "-3.5"}
    assert [number(value) for value in shown] == [*shown.values()]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(PictureError, match=f"{value} has no place in a picture"):
        number(value)


def test_attributes_are_escaped_and_named_as_svg_has_them() -> None:
    made = element("a", "b", class_='"><x', stroke_width=2, xml__space="preserve", fill=None)
    assert made == '<a class="&quot;&gt;&lt;x" stroke-width="2" xml:space="preserve">b</a>'
    assert element("rect", x=0.0) == '<rect x="0"/>'


def test_a_page_gets_its_own_ink_and_a_file_dark_on_white() -> None:
    inline, file = PICTURE.inline(), PICTURE.file()
    assert 'viewBox="0 0 20 10.5" width="20" height="10.5" role="img"' in inline
    assert 'aria-label="a &quot;label&quot; &lt;b&gt;"' in inline
    assert 'fill="currentColor"' in inline
    assert "#" not in inline, "paper of its own would be a white box on a dark page"
    assert "xmlns" not in inline
    root, paper, *_ = read(PICTURE)
    assert (root.get("color"), paper.tag, paper.get("fill")) == ("#1a1a1a", "rect", "#ffffff")
    assert file.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg"')


def test_words_are_escaped_and_seen() -> None:
    assert "&lt;x&gt; &amp; &lt;U+202E&gt;</text>" in text(1, 2, "<x> & \u202e")


@pytest.mark.parametrize(("words", "rtl"), [("·שלום!", True), ("12 مرحبا", True), ("a שלום", False), ("犬", False)])
def test_words_read_from_the_right_are_isolated(words: str, rtl: bool) -> None:
    assert right_to_left(words) is rtl
    made = text(1, 2, words)
    assert made.startswith('<text x="1" y="2" fill="currentColor">'), "the anchor keeps its meaning"
    assert ('<tspan direction="rtl" unicode-bidi="isolate">' in made) is rtl


def test_words_are_cut_to_their_room() -> None:
    assert breadth("ab犬e\u0301", 10) == pytest.approx(28)
    assert fitted("abcd", 24, 10) == "abcd"
    assert fitted("abcde", 24, 10) == "abc…"
    assert fitted("犬犬犬犬", 31, 10) == "犬犬…"
    assert fitted("a\n" * 9, 40, 10) == "a⏎a⏎a…"
