"""What the picture of a feature's probes draws."""

from __future__ import annotations

import numpy as np
import pytest
from neuronkb.kb.pictures import ProbeLine, draw_probes
from neuronkb.kb.pictures.figure import drawing
from neuronkb.schema import SchemaError


def test_depth_left_and_k_right_with_their_nulls_dashed() -> None:
    depth = ProbeLine("google/gemma", (0.0, 3.0, 5.0), (0.5, 0.75, 1.0), (0.25, None, 0.5))
    sparse = ProbeLine("optimal", (1.0, 2.0), (0.5, 0.75))
    left, right = draw_probes(([depth], [sparse]), "is_french").axes
    assert [np.asarray(line.get_ydata()).tolist() for line in left.lines] == [[0.5, 0.75, 1.0], [0.25, 0.5]]
    assert np.asarray(left.lines[1].get_xdata()).tolist() == [0.0, 5.0]
    assert left.lines[1].get_linestyle() == "--"
    assert left.lines[1].get_color() == left.lines[0].get_color()
    (line,) = right.lines
    assert np.asarray(line.get_xdata()).tolist() == [1.0, 2.0]
    legend = right.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["optimal"]


def test_a_side_without_lines_says_so() -> None:
    figure = draw_probes(([], [ProbeLine("mean_diff", (), ())]))
    with drawing():
        figure.draw_without_rendering()
    said = [axes.texts[0].get_text() for axes in figure.axes]
    assert said == ["no neuron of the store was probed for it", "no probe of several neurons"]


def test_lines_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SchemaError, match="2 F1 values beside 1 places"):
        ProbeLine("x", (1.0,), (0.5, 0.6))
    with pytest.raises(SchemaError, match="nulls"):
        ProbeLine("x", (1.0, 2.0), (0.5, 0.6), (0.1,))
    with pytest.raises(SchemaError, match="finite"):
        ProbeLine("x", (1.0,), (float("nan"),))
