"""What the picture of a feature's probes draws."""

from __future__ import annotations

import pytest
from neuronkb.queries.drawing.probes import draw_probes
from neuronkb.queries.result.picture import ProbeLine
from neuronkb.schema import SchemaError

from tests.queries.drawing.svgs import paths, place, spots, tips, words


def test_depth_left_and_k_right_with_their_nulls_dashed() -> None:
    depth = ProbeLine("google/gemma", (0.0, 3.0, 5.0), (0.5, 0.75, 1.0), (0.25, 0.5, None))
    picture = draw_probes([depth], [ProbeLine("optimal", (1.0, 2.0), (0.5, 0.75))], "is_french")
    left, right = place(picture, "layer"), place(picture, "neurons in the probe (k)")
    assert left[0] < 350 < right[0]
    (null,) = paths(picture, stroke="#d55e00", stroke_dasharray="5 4")
    assert len(spots(null)) == 2
    assert "google/gemma, random directions: 0.5 at 3" in tips(picture)
    assert "optimal: 0.75 at 2" in tips(picture)
    assert words(picture)[1] == "google/gemma"


def test_a_side_without_lines_says_so() -> None:
    picture = draw_probes([], [ProbeLine("mean_diff", (), ())])
    assert words(picture) == ["no neuron of the store was probed for it", "no probe of several neurons"]


def test_lines_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SchemaError, match="2 F1 values beside 1 places"):
        ProbeLine("x", (1.0,), (0.5, 0.6))
    with pytest.raises(SchemaError, match="nulls"):
        ProbeLine("x", (1.0, 2.0), (0.5, 0.6), (0.1,))
    with pytest.raises(SchemaError, match="finite"):
        ProbeLine("x", (1.0,), (float("nan"),))
