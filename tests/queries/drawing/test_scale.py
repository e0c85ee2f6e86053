"""Scales and ticks at values worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.queries.drawing.scale import Scale, counted, ends, log_ticks, named, ticks
from neuronkb.schema import PictureError


def test_linear_and_log() -> None:
    line, log = Scale(-1.0, 3.0, 100.0, 200.0), Scale(0.1, 1000.0, 200.0, 0.0, log=True)
    assert [line.at(value) for value in (-1.0, 0.0, 3.0)] == [100.0, 125.0, 200.0]
    assert [log.at(value) for value in (0.1, 10.0, 1000.0)] == pytest.approx([200.0, 100.0, 0.0])


@pytest.mark.parametrize(
    ("low", "high", "count", "names"),
    [
        (0.0, 1.0, 5, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-0.35, 0.7, 5, ["0.0", "0.5"]),
        (-7.0, 12.0, 4, ["-5", "0", "5", "10"]),
        (0.0, 3e7, 3, ["0", "1e+07", "2e+07", "3e+07"]),
        (0.0, 3e-5, 3, ["0", "1e-05", "2e-05", "3e-05"]),
    ],
)
def test_round_ticks(low: float, high: float, count: int, names: list[str]) -> None:
    assert named(ticks(low, high, count)) == names


def test_whole_numbers_have_no_halves() -> None:
    assert ticks(-0.04, 1.04, 6, whole=True) == (0.0, 1.0)


def test_powers_of_ten() -> None:
    assert log_ticks(0.5, 200_000.0, 6) == (1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0)
    assert log_ticks(0.5, 200_000.0, 3) == (1.0, 100.0, 10_000.0)
    assert [counted(count) for count in (1.0, 100.0, 1e3, 1e5, 1e7, 1e9)] == ["1", "100", "1k", "100k", "10M", "1G"]


def test_ends_leave_room() -> None:
    assert ends([0.0, 10.0], 0.1) == (-1.0, 11.0)
    assert ends([5.0]) == (4.5, 5.5)
    assert ends([0.0, 0.0]) == (-0.5, 0.5)
    with pytest.raises(PictureError, match=r"-1e\+308 and 1e\+308 are too far apart for a picture"):
        ends([-1e308, 1e308])


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=5), st.integers(1, 9))
def test_any_values_have_ends_and_ticks_within(values: list[float], count: int) -> None:
    low, high = ends(values)
    assert low < high
    places = ticks(low, high, count)
    assert len(places) <= count + 2
    assert len(named(places)) == len(places)
    assert all(0 <= Scale(low, high, 0.0, 1.0).at(value) <= 1 for value in values)
