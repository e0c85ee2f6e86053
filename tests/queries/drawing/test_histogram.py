"""What the histogram draws: bars by sign, marks, both poles, nothing."""

from __future__ import annotations

import re

import pytest
from neuronkb.queries.drawing.histogram import draw_histogram
from neuronkb.queries.result.picture import HistogramView

from tests.queries.drawing.svgs import paths, place, read, tips, words

COOL, WARM = "#0072b2", "#d55e00"


def steps(outline: str) -> list[tuple[str, float]]:
    return [(way, float(at)) for way, at in re.findall(r"([VH])([-\d.]+)", outline)]


def test_bars_by_sign_with_gaps_on_the_floor() -> None:
    picture = draw_histogram([HistogramView((-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0), (3, 20, 50, 0, 1, 0))])
    assert tips(picture) == ["below zero: 23 positions", "above zero: 51 positions"]
    (warm,) = paths(picture, fill=WARM)
    floor = float(warm.split(" ")[1].split("V")[0])
    (_, fifty), (_, one), (_, down), (_, two), (_, single), (_, three), (_, end) = steps(warm)
    assert down == end == floor > single > fifty
    assert two - one == pytest.approx(three - two, abs=0.02)
    # Equal steps of a log scale: 50 lies log10(50) above 1, and the floor log10(2) below it.
    assert (single - fifty) / (floor - single) == pytest.approx(1.69897 / 0.30103, abs=0.01)


def test_the_negative_pole_is_mirrored() -> None:
    plus, minus = HistogramView((0.0, 1.0, 2.0), (9, 4)), HistogramView((0.0, 1.0, 3.0), (7, 2), pole=-1)
    picture = draw_histogram([plus, minus])
    (cool,), (warm,) = paths(picture, fill=COOL), paths(picture, fill=WARM)
    (_, two), (_, minus_one), (_, seven), (_, zero), _ = steps(cool)
    assert two > seven
    assert float(warm[1:].split(" ")[0]) == zero
    assert float(cool[1:].split(" ")[0]) < minus_one < zero


def test_the_axes_hold_what_was_counted() -> None:
    picture = draw_histogram([HistogramView((-10.0, -5.0, 0.0, 5.0, 10.0), (0, 2, 100, 0))])
    shown = words(picture)
    assert shown[: shown.index("hidden value")] == ["-4", "-2", "0", "2", "4", "1", "10", "100"]


def test_marks_stand_at_the_quantiles_and_out_of_each_others_way() -> None:
    view = HistogramView((0.0, 10.0), (5,), {"0.5": 1.0, "0.9": 1.1, "0.99": 6.0, "1": 12.0})
    mirrored = HistogramView((0.0, 10.0), (5,), {"0.25": 5.0}, pole=-1)
    picture = draw_histogram([view, mirrored])
    assert [said for said in tips(picture) if "quantile" in said] == [
        "quantile 0.25: -5",
        "quantile 0.5: 1",
        "quantile 0.9: 1.1",
        "quantile 0.99: 6",
    ]  # 12 is off the axes
    low, high = place(picture, "0.5"), place(picture, "0.9")
    assert place(picture, "0.99")[1] == place(picture, "0.25")[1] == low[1]
    assert high[1] == low[1] - 14
    assert place(picture, "0.25")[0] == place(picture, "-5")[0]


@pytest.mark.parametrize("views", [[], [HistogramView((), ())], [HistogramView((0.0, 1.0), (0,), {"0.5": 0.0})]])
def test_nothing_counted(views: list[HistogramView]) -> None:
    picture = draw_histogram(views)
    assert words(picture)[-1] == "no activation was counted"
    assert not [each for each in read(picture) if each.tag == "path"]


def test_the_title_is_as_it_was_given() -> None:
    assert words(draw_histogram([], "gpt2/L0/N1 $\\bad$\n"))[0] == "gpt2/L0/N1 $\\bad$⏎"
