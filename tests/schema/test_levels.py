"""Values of windows as levels and back: the text by hand, and how far a value may be off."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.schema.levels import MOST, STEPS, level_values, levels

FLOATS = st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)


@pytest.mark.parametrize(
    ("values", "strongest", "text", "unit"),
    [
        ([0.0, 1.5, -3.0, 3.0], 3.0, "0 500 -1000 1000", 0.003),
        ([0.25], 0.25, "1000", 0.00025),
        ([-0.5, -0.25], -0.25, "-1000 -500", 0.0005),
        ([0.0, -2.0], 0.0, "0 -1000", 0.002),
        ([0.0, 0.0], 0.0, "0 0", 0.0),
        ([1.0, -50_000.0], 1.0, "20 -1000000", 0.05),
        ([], 1.0, None, None),
        (None, None, None, None),
    ],
)
def test_by_hand(values: list[float] | None, strongest: float | None, text: str | None, unit: float | None) -> None:
    given_values = pa.array([[1.0], values], pa.list_(pa.float64()))
    found = levels(given_values, pa.array([1.0, strongest], pa.float64()))
    assert found[0].to_pylist() == ["1000", text]
    assert found[1].to_pylist() == [0.001, pytest.approx(unit) if unit is not None else None]


@given(st.lists(st.lists(FLOATS, max_size=70), min_size=1, max_size=5), st.booleans())
def test_a_value_is_off_by_half_a_step_at_most(rows: list[list[float]], sliced: bool) -> None:
    whole = pa.array([[9.0], *rows], pa.list_(pa.float32()))
    strongest = pa.array([9.0, *(max(row, default=0.0) for row in rows)])
    column = pa.chunked_array([whole[:1], whole[1:]]) if sliced else whole
    texts, units = levels(column, strongest)
    for row, text, unit in zip(rows, texts.to_pylist()[1:], units.to_pylist()[1:], strict=True):
        values = np.array(level_values(text, unit))
        assert len(values) == len(row)
        if row:
            largest = max(map(abs, row))
            assert unit <= max(max(row) / STEPS, largest / STEPS if max(row) <= 0 else largest / MOST) * (1 + 1e-12)
            assert (np.abs(values - row) <= unit * (0.5 + 1e-9)).all()
            assert max(len(step) for step in text.split(" ")) <= len(f"-{MOST}")
