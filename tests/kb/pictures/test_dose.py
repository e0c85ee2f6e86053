"""What the dose-response curve draws."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import PolyCollection
from neuronkb.kb.pictures import DoseCurve, draw_dose
from neuronkb.kb.pictures.figure import drawing


def names(*curves: DoseCurve) -> list[str]:
    figure = draw_dose(curves)
    with drawing():
        figure.draw_without_rendering()
    (axes,) = figure.axes
    legend = axes.get_legend()
    return [text.get_text() for text in legend.get_texts()] if legend else []


def test_points_stand_in_order_of_the_clamp() -> None:
    (axes,) = draw_dose([DoseCurve((4.0, -4.0, 0.0), (0.5, -0.25, 0.0), (-0.1, -0.2, 0.0), (0.1, 0.2, 0.0))]).axes
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [-4.0, 0.0, 4.0]
    assert np.asarray(axes.lines[0].get_ydata()).tolist() == [-0.25, 0.0, 0.5]
    (band,) = axes.collections
    assert isinstance(band, PolyCollection)
    corners = set(map(tuple, np.asarray(band.get_paths()[0].vertices).tolist()))
    assert corners == {(-4.0, -0.2), (-4.0, 0.2), (0.0, 0.0), (4.0, -0.1), (4.0, 0.1)}


def test_without_a_null_there_is_no_band() -> None:
    (axes,) = draw_dose([DoseCurve((1.0,), (2.0,))]).axes
    assert not axes.collections
    assert names(DoseCurve((1.0,), (2.0,))) == ["effect"]


def test_names_are_a_strangers_text() -> None:
    odd = DoseCurve((1.0,), (2.0,), (0.0,), (1.0,), "_$\\bad$ 犬\n")
    assert names(odd) == ["_$\\bad$ 犬⏎", "_$\\bad$ 犬⏎: null"]


def test_curves_differ_in_colour_and_marker() -> None:
    base, tuned = (DoseCurve((0.0, 1.0), (0.0, effect), label=name) for effect, name in ((1.0, "base"), (0.5, "tuned")))
    (axes,) = draw_dose([base, tuned]).axes
    assert [(line.get_color(), line.get_marker()) for line in axes.lines[:2]] == [("#d55e00", "o"), ("#0072b2", "s")]
    assert names(base, tuned) == ["base", "tuned"]


def test_no_clamp() -> None:
    for curves in ([], [DoseCurve((), ())]):
        (axes,) = draw_dose(curves).axes
        assert [text.get_text() for text in axes.texts] == ["no clamp was measured"]
