"""The picture of a fine-tune's drift, read back from the figure."""

from __future__ import annotations

import numpy as np
from neuronkb.kb.pictures.drift import draw_drift
from neuronkb.queries.result.picture import DriftPoint


def test_two_lines_by_layer() -> None:
    figure = draw_drift([DriftPoint(0, 1.0, 0.1), DriftPoint(2, 0.8, None), DriftPoint(3, 0.5, -0.1)], "a $b$")
    (axes,) = figure.axes
    own, null = axes.lines
    assert np.asarray(own.get_xdata()).tolist() == [0, 2, 3]
    assert np.asarray(own.get_ydata()).tolist() == [1.0, 0.8, 0.5]
    np.testing.assert_array_equal(np.asarray(null.get_ydata()), [0.1, np.nan, -0.1])
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["with itself", "with another neuron"]
    assert axes.get_ylim()[0] < -0.1


def test_no_text_was_read() -> None:
    (axes,) = draw_drift([]).axes
    assert [text.get_text() for text in axes.texts] == ["the link read no text"]
