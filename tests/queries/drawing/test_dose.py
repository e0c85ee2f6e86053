"""What the dose-response curve draws."""

from __future__ import annotations

import pytest
from neuronkb.queries.drawing.dose import draw_dose
from neuronkb.queries.result.picture import DoseCurve

from tests.queries.drawing.svgs import paths, place, read, spots, tips, words

CURVE = DoseCurve((4.0, -4.0, 0.0), (0.5, -0.25, 0.0), (-0.1, -0.2, 0.0), (0.1, 0.2, 0.0))


def test_points_stand_in_order_of_the_clamp() -> None:
    picture = draw_dose([CURVE])
    (line,) = [path for path in paths(picture, stroke="#d55e00") if len(spots(path)) == 3]
    (left, low), (middle, zero), (right, high) = spots(line)
    assert middle - left == pytest.approx(right - middle, abs=0.02)
    assert zero - high == pytest.approx(2 * (low - zero), abs=0.03)
    assert middle == place(picture, "0")[0]
    assert tips(picture)[-3:] == ["effect: -0.25 at -4", "effect: 0 at 0", "effect: 0.5 at 4"]


def test_the_null_is_a_band_around_the_same_values() -> None:
    picture = draw_dose([CURVE])
    (band,) = paths(picture, fill="#d55e00", fill_opacity="0.2")
    (line,) = [path for path in paths(picture, stroke="#d55e00") if len(spots(path)) == 3]
    left, middle, right = (x for x, _ in spots(line))
    assert [x for x, _ in spots(band)] == [left, middle, right, right, middle, left]
    assert words(picture)[:2] == ["effect", "effect: null"]


def test_without_a_null_there_is_no_band() -> None:
    picture = draw_dose([DoseCurve((1.0,), (2.0,))])
    assert not paths(picture, fill_opacity="0.2")
    assert words(picture)[0] == "effect"


def test_names_are_a_strangers_text() -> None:
    picture = draw_dose([DoseCurve((1.0,), (2.0,), (0.0,), (1.0,), "_$\\bad$ 犬\n")])
    assert words(picture)[:2] == ["_$\\bad$ 犬⏎", "_$\\bad$ 犬⏎: null"]


def test_curves_differ_in_colour_and_marker() -> None:
    base, tuned = (DoseCurve((0.0, 1.0), (0.0, effect), label=name) for effect, name in ((1.0, "base"), (0.5, "tuned")))
    picture = draw_dose([base, tuned])
    marks = [(each.tag, each.get("fill")) for each in read(picture) if each.find("title") is not None or len(each)]
    assert [mark for mark in marks if mark[1]] == [("circle", "#d55e00")] * 2 + [("path", "#0072b2")] * 2


def test_no_clamp() -> None:
    for curves in ([], [DoseCurve((), ())]):
        assert words(draw_dose(curves)) == ["no clamp was measured"]
