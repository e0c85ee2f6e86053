"""Heat maps: where cells stand, their colours, and what is said of them."""

from __future__ import annotations

import pytest
from neuronkb.queries.drawing.heat_map import colour_of, draw_heat_map, shown
from neuronkb.queries.result.picture import HeatMap
from neuronkb.schema import PictureError, SchemaError

from tests.queries.drawing.svgs import paths, place, read, tips, words

VIEW = HeatMap(
    ("layer 0", "layer 1"),
    ("a", "b <犬>"),
    ((0.5, None), (1.0, 0.0)),
    0.0,
    1.0,
    "F1",
    notes=(("N1", ""), ("", "N2")),
    links=(("/n/1", None), (None, "x?y=<1>")),
)


def test_cells_stand_in_rows_and_columns_with_their_numbers() -> None:
    picture = draw_heat_map(VIEW, "title")
    assert words(picture) == ["title", "a", "b <犬>", "layer 0", "0.50", "layer 1", "1.00", "0.00", "0", "1", "F1"]
    half, whole, zero = (place(picture, name) for name in ("0.50", "1.00", "0.00"))
    assert half[0] == whole[0] == pytest.approx(zero[0] - 64)
    assert whole[1] == zero[1] == half[1] + 26
    assert place(picture, "a")[0] == half[0]
    assert len(paths(picture)) == 1  # the cell without a value is crossed


def test_a_cell_says_its_value_and_note_and_leads_where_it_was_told() -> None:
    picture = draw_heat_map(VIEW)
    assert [said for said in tips(picture) if ":" in said] == [
        "layer 0, a: 0.5; N1",
        "layer 0, b <犬>: no value",
        "layer 1, a: 1",
        "layer 1, b <犬>: 0; N2",
    ]
    assert [each.get("href") for each in read(picture) if each.tag == "a"] == ["/n/1", "x?y=<1>"]


def test_an_address_that_a_browser_would_run_is_refused() -> None:
    view = HeatMap(("r",), ("c",), ((1.0,),), 0.0, 1.0, links=(("javascript:alert(1)",),))
    with pytest.raises(PictureError, match=r"'javascript:alert\(1\)' is no address for a page"):
        draw_heat_map(view)


def test_many_columns_have_no_numbers_and_turned_names() -> None:
    view = HeatMap(("r",), tuple(f"head {i}" for i in range(40)), ((0.5,) * 40,), 0.0, 1.0)
    picture = draw_heat_map(view)
    assert "0.50" not in words(picture)
    assert sum(each.get("transform", "").startswith("rotate(-90") for each in read(picture)) == 40
    assert picture.width >= 40 * 18


@pytest.mark.parametrize(
    ("low", "high", "value", "colour", "opacity"),
    [
        (0.0, 1.0, 0.5, "#d55e00", 0.35),
        (0.5, 1.0, 0.5, "#d55e00", 0.0),
        (-1.0, 2.0, 1.0, "#d55e00", 0.35),
        (-1.0, 2.0, -0.5, "#0072b2", 0.35),
        (-1.0, 1.0, 9.0, "#d55e00", 0.7),
        (-1.0, 1.0, 0.0, "#0072b2", 0.0),
    ],
)
def test_colours(low: float, high: float, value: float, colour: str, opacity: float) -> None:
    found, alpha = colour_of(low, high, value)
    assert found == colour
    assert alpha == pytest.approx(opacity)


def test_numbers_in_cells() -> None:
    assert [shown(value) for value in (0.123, -0.001, 12.34, 1234.5)] == ["0.12", "0.00", "12.3", "1.23e+03"]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(SchemaError, match="1 values beside 2 labels of columns"):
        HeatMap(("r",), ("a", "b"), ((1.0,),), 0.0, 1.0)
    with pytest.raises(SchemaError, match="0 rows of values beside 1 labels of rows"):
        HeatMap(("r",), ("a",), (), 0.0, 1.0)
    with pytest.raises(SchemaError, match="nan among the values"):
        HeatMap(("r",), ("a",), ((float("nan"),),), 0.0, 1.0)
    with pytest.raises(SchemaError, match="from 1 to 1 has no colours; low must be below high"):
        HeatMap(("r",), ("a",), ((1.0,),), 1.0, 1.0)
