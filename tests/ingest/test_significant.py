import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from neuronkb.ingest.significant import significant


def test_nine_digits_by_hand() -> None:
    given_values = np.array([1.23456789049, -1.23456789051, 98765.43210987, 0.0, 1e-9, -123456789012.0, 2.5])
    expected = [1.23456789, -1.23456789, 98765.4321, 0.0, 1e-9, -123456789000.0, 2.5]
    assert significant(given_values).tolist() == expected


@given(st.floats(1e-12, 1e29) | st.floats(-1e29, -1e-12))
def test_rounding_is_the_one_of_decimal_text(value: float) -> None:
    rounded = float(significant(np.array([value]))[0])
    assert abs(rounded - value) <= 5.0001e-9 * abs(value)
    if 1e-13 < abs(value) < 1e20:
        assert rounded == float(f"{rounded:.9g}")


def test_sizes_out_of_reach_are_kept() -> None:
    values = np.array([1.2345678901234e-40, 1.2345678901234e40])
    assert significant(values).tolist() == values.tolist()
