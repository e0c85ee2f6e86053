"""Rows of any answer as a chart: what stands against what, as bars, lines or points, and when there is none."""

from __future__ import annotations

import pytest
from neuronkb.queries.drawing.rows import draw_rows
from neuronkb.queries.drawing.svg import Svg

from tests.queries.drawing.svgs import paths, read, tips, words


def drawn(columns: str, *rows: tuple[object, ...]) -> Svg:
    found = draw_rows(columns.split(), rows)
    assert found is not None
    return found


def bars(picture: Svg) -> list[tuple[float, float, float]]:
    """Left, top and width of each bar."""
    found = [each.attrib for each in read(picture)[1:] if each.tag == "rect" and "fill" in each.attrib]
    return [(float(each["x"]), float(each["y"]), float(each["width"])) for each in found[1:]]  # the first is the paper


def test_names_have_bars_from_zero() -> None:
    picture = drawn("name f1 gap", ("a", 0.5, -1.0), ("b", 1.0, 1.0), ("c", None, 0.0))
    assert picture.label == "Bars of f1 and gap by name, 3 rows"
    (half, whole), (below, above, nothing) = bars(picture)[:2], bars(picture)[2:]
    assert half[2] == pytest.approx(whole[2] / 2, abs=0.02)
    assert below[0] + below[2] == pytest.approx(above[0], abs=0.02)
    assert nothing[2] == 0
    assert tips(picture)[:3] == ["a", "b", "c"]
    assert "a: f1 0.5" in tips(picture)


def test_what_names_share_is_said_once() -> None:
    picture = drawn("neuron z", ("org/m/L3/N1", 1), ("org/m/L3/N2", 2))
    assert words(picture)[:3] == ["org/m/L3/", "N1", "N2"]
    assert words(drawn("name z", ("a/b", 1), ("a/b", 2)))[:3] == ["a/", "b", "b"]
    assert words(drawn("name z", ("a", 1), ("b", 2)))[:2] == ["a", "b"]


def test_whole_numbers_of_their_own_make_lines() -> None:
    picture = drawn("model layer f1 null", ("m", 1, 0.5, 0.4), ("m", 0, 0.7, 0.3), ("m", 2, None, 0.2))
    assert picture.label == "Lines of f1 and null by layer, 3 rows"
    strokes = paths(picture, fill="none", stroke_width="1.6")
    assert sum("L" in stroke for stroke in strokes) == 2
    assert "f1: 0.7 at 0" in tips(picture)


def test_several_rows_a_number_make_points() -> None:
    picture = drawn("layer f1", (1, 0.5), (1, 0.7), (2, 0.6))
    assert picture.label == "Points of f1 by layer, 3 rows"
    assert paths(picture, fill="none", stroke_width="1.6") == []
    assert len([each for each in read(picture) if each.tag == "circle"]) == 4  # three and the key's


@pytest.mark.parametrize(
    ("columns", "row", "said"),
    [
        ("count word", (3, "june"), "Bars of count by word"),
        ("f1 mcc", (0.5, 0.4), "Points of mcc by f1"),
        ("f1", (0.5,), "Lines of f1 by row"),
        ("ok f1", (True, 0.5), "Lines of f1 by row"),
        ("labels f1 layer", (["x"], 0.5, 1), "Lines of f1 by layer"),
    ],
)
def test_what_stands_against_what(columns: str, row: tuple[object, ...], said: str) -> None:
    assert drawn(columns, row).label == f"{said}, 1 row"


def test_a_column_that_names_each_row_comes_first() -> None:
    picture = drawn("model neuron z", ("m", "a", 1), ("m", "b", 2))
    assert picture.label == "Bars of z by neuron, 2 rows"


def test_numbers_of_other_sizes_have_axes_of_their_own() -> None:
    picture = drawn("layer f1 null n", (0, 0.5, 0.4, 900), (1, 0.6, 0.3, 800))
    assert [word for word in words(picture) if word == "layer"] == ["layer", "layer"]
    assert {"value", "n"} <= set(words(picture))


def test_what_there_is_no_room_for_is_told() -> None:
    many = [(f"n{place}", 1.0, 2.0, 3.0, 4.0, 5.0) for place in range(41)]
    picture = drawn("name a b c d e", *many)
    assert picture.label == "Bars of a, b and c by name, the first 40 of 41 rows; no room for d and e"
    assert len(bars(picture)) == 120


@pytest.mark.parametrize("value", ["june", None, True, float("inf"), [1.0]])
def test_without_numbers_there_is_no_chart(value: object) -> None:
    assert draw_rows(["name", "x"], [("a", value)]) is None
    assert draw_rows(["x"], []) is None


def test_markup_stays_text() -> None:
    picture = drawn("name <b>x</b>", ("<img src=x>", 1))
    assert "<img src=x>" in words(picture)
    assert "<img" not in picture.inline()
