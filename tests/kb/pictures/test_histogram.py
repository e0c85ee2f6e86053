"""What the histogram draws: bars by sign, marks, both poles, nothing."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import StepPatch
from neuronkb.kb.pictures import HistogramView, draw_histogram


def outlines(*views: HistogramView) -> dict[str, tuple[list[float], list[float]]]:
    """Edges and counts by colour."""
    (axes,) = draw_histogram(views).axes
    found = {}
    for patch in axes.patches:
        assert isinstance(patch, StepPatch)
        values, edges, _ = patch.get_data()
        found[to_hex(patch.get_facecolor())] = (list(edges), list(values))
    return found


def test_bars_by_sign_with_gaps_on_the_floor() -> None:
    view = HistogramView((-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0), (3, 20, 50, 0, 1, 0))
    assert outlines(view) == {
        "#0072b2": ([-2.0, -1.0, 0.0], [3.0, 20.0]),
        "#d55e00": ([0.0, 1.0, 2.0, 3.0], [50.0, 0.5, 1.0]),
    }


def test_the_negative_pole_is_mirrored() -> None:
    plus = HistogramView((0.0, 1.0, 2.0), (9, 4))
    minus = HistogramView((0.0, 1.0, 3.0), (7, 2), pole=-1)
    assert outlines(plus, minus) == {
        "#0072b2": ([-3.0, -1.0, 0.0], [2.0, 7.0]),
        "#d55e00": ([0.0, 1.0, 2.0], [9.0, 4.0]),
    }


def test_the_axes_hold_what_was_counted_on_a_log_scale() -> None:
    (axes,) = draw_histogram([HistogramView((-10.0, -5.0, 0.0, 5.0, 10.0), (0, 2, 100, 0))]).axes
    assert axes.get_xlim() == (-5.0, 5.0)
    assert axes.get_ylim() == (0.5, 200.0)
    assert axes.get_yscale() == "log"


def test_marks_stand_at_the_quantiles_and_out_of_each_others_way() -> None:
    view = HistogramView((0.0, 10.0), (5,), {"0.5": 1.0, "0.9": 1.1, "0.99": 6.0, "1": 12.0})
    mirrored = HistogramView((0.0, 10.0), (5,), {"0.5": 4.0}, pole=-1)
    (axes,) = draw_histogram([view, mirrored]).axes
    assert [float(np.asarray(line.get_xdata())[0]) for line in axes.lines] == [
        -4.0,
        1.0,
        1.1,
        6.0,
    ]  # 12 is off the axes
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts[1:]}
    assert heights == {"0.5": 1.02, "0.9": pytest.approx(1.09), "0.99": 1.02}


@pytest.mark.parametrize("views", [[], [HistogramView((), ())], [HistogramView((0.0, 1.0), (0,), {"0.5": 0.0})]])
def test_nothing_counted(views: list[HistogramView]) -> None:
    (axes,) = draw_histogram(views).axes
    assert [text.get_text() for text in axes.texts] == ["no activation was counted"]
    assert not axes.patches


def test_the_title_is_not_read_as_tex() -> None:
    figure = draw_histogram([], "gpt2/L0/N1 $\\bad$\n")
    figure.draw_without_rendering()
    assert figure.get_suptitle() == "gpt2/L0/N1 $\\bad$⏎"
