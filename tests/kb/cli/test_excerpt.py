"""Excerpts on a line of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.kb.cli.excerpt import LEAST, excerpt_text, terminal
from neuronkb.queries.drawing.excerpt import largest
from neuronkb.queries.result.picture import ExcerptView
from neuronkb.schema import PictureError
from rich.cells import cell_len

from tests.queries.drawing.contrast import contrast, parsed


def view(tokens: list[str], activations: list[float], pole: int = 1) -> ExcerptView:
    return ExcerptView(tuple(tokens), tuple(activations), max(activations, default=0.0), "top", pole, "d1")


DOG = view(["My", " small", " dog", " barks", "\n"], [0.0, -1.0, 8.0, 4.0, 0.1])


def styles(found: ExcerptView, most: float, width: int = 80) -> dict[str, str]:
    line = excerpt_text(found, most, width)
    return {line.plain[span.start : span.end]: str(span.style) for span in line.spans}


def test_terminal_line_colours_and_marks() -> None:
    assert excerpt_text(DOG, 8.0, 80).plain == "My·small·dog·barks⏎"
    shown = styles(DOG, 8.0)
    assert shown["dog"] == "bold black on #e69f00"
    assert shown["barks"] == "black on #d2ae5f"
    assert "small" not in shown
    assert "My" not in shown


def test_the_negative_pole_is_cool() -> None:
    shown = styles(view(["a", " b"], [8.0, -8.0], pole=-1), 8.0)
    assert shown == {"a": "bold black on #56b4e9", "·": "black on #e69f00", "b": "black on #e69f00"}


def test_colours_are_relative_to_the_neurons_largest() -> None:
    assert styles(DOG, 80.0)["dog"] == "bold"


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (19, "My·small·dog·barks⏎"),
        (18, "…·small·dog·barks⏎"),  # the cut takes one of the two columns of "My"
        (17, "My·small·dog…"),  # "·barks" would not fit, "My" does
        (12, "…·small·dog…"),  # left before right
        (11, "…·dog…"),
        (8, "…·dog…"),
    ],
)
def test_window_around_the_strongest_token(width: int, line: str) -> None:
    assert excerpt_text(DOG, 8.0, width).plain == line


def test_a_token_wider_than_the_line_is_cut() -> None:
    assert excerpt_text(view(["a" * 30], [1.0]), 1.0, 10).plain == "aaaaaaaaa…"


def test_wide_letters_take_two_columns() -> None:
    line = excerpt_text(view(["犬"] * 20, [1.0] * 20), 1.0, 10)
    assert line.plain == "犬犬犬犬…"
    assert cell_len(line.plain) == 9


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=12), st.floats(-9, 9)), max_size=30),
    st.integers(8, 60),
    st.sampled_from([1, -1]),
)
def test_never_wider_than_asked_and_the_strongest_is_there(
    pairs: list[tuple[str, float]], width: int, pole: int
) -> None:
    found = view([token for token, _ in pairs], [value for _, value in pairs], pole)
    line = excerpt_text(found, largest([found]), width)
    assert cell_len(line.plain) <= width
    assert "\n" not in line.plain
    assert any("bold" in str(span.style) for span in line.spans) == bool(pairs)


def test_too_narrow() -> None:
    with pytest.raises(PictureError, match="an excerpt 7 columns wide shows nothing; give it at least 8"):
        excerpt_text(DOG, 8.0, 7)


def test_nothing_in_nothing_out() -> None:
    empty = view([], [])
    assert excerpt_text(empty, 0.0, 20).plain == ""


@pytest.mark.parametrize(
    ("value", "style"),
    [
        (8.0, "black on #e69f00"),  # the whole colour, (230, 159, 0)
        (4.0, "black on #d2ae5f"),  # (190+230)/2 = 210, (190+159)/2 = 174.5 to even, (190+0)/2 = 95
        (-8.0, "black on #56b4e9"),
        (-4.0, "black on #8ab9d4"),  # (190+86)/2 = 138, (190+180)/2 = 185, (190+233)/2 = 211.5 to even
        (1.5, ""),  # 0.1875 of the largest
    ],
)
def test_terminal(value: float, style: str) -> None:
    assert terminal(value, 8.0) == style


@pytest.mark.parametrize("share", [LEAST, 0.5, 1.0, -LEAST, -0.5, -1.0])
def test_terminal_text_reads_on_every_tint(share: float) -> None:
    assert contrast((0, 0, 0), parsed(terminal(share, 1.0).removeprefix("black on "))) >= 7
