"""The picture of a fine-tune's drift, read back."""

from __future__ import annotations

from neuronkb.queries.drawing.drift import draw_drift
from neuronkb.queries.result.picture import DriftPoint

from tests.queries.drawing.svgs import paths, spots, tips, words


def test_two_lines_by_layer_and_a_gap_where_nothing_is_known() -> None:
    points = [DriftPoint(0, 1.0, 0.1), DriftPoint(1, 0.9, 0.2), DriftPoint(2, 0.8, None), DriftPoint(3, 0.5, -0.1)]
    picture = draw_drift(points, "a $b$")
    assert words(picture)[:3] == ["a $b$", "with itself", "with another neuron"]
    (own,) = [path for path in paths(picture, stroke="#d55e00") if len(spots(path)) == 4]
    heights = [y for _, y in spots(own)]
    assert heights == sorted(heights)
    (null,) = [path for path in paths(picture, stroke="#0072b2", stroke_dasharray="5 4") if len(spots(path)) == 3]
    assert [letter for letter in null if letter in "ML"] == ["M", "L", "M"]
    assert "with another neuron: -0.1 at 3" in tips(picture)


def test_no_text_was_read() -> None:
    assert words(draw_drift([])) == ["the link read no text"]
