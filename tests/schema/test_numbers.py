from __future__ import annotations

import math

import pytest
from neuronkb.schema import QueryError
from neuronkb.schema.numbers import check_finite, check_number, whole_number


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 1.5, True, "1"])
def test_what_is_no_number_in_the_range_is_named(value: float) -> None:
    with pytest.raises(QueryError) as caught:
        check_number("share", value, QueryError, least=0, most=1)
    assert str(caught.value) == f"share is {value!r}, expected a finite number of at least 0 and at most 1"


def test_numbers_in_the_range_pass() -> None:
    for value in (None, 0, 0.5, 1):
        check_number("share", value, QueryError, least=0, most=1)
    check_number("seconds", 1e-9, QueryError, above=0)
    with pytest.raises(QueryError, match="seconds is 0, expected a finite number above 0"):
        check_number("seconds", 0, QueryError, above=0)


def test_a_float_inside_a_list_is_looked_at() -> None:
    check_finite({"a": 1.0, "b": (1.0, 2.0), "c": "nan", "d": None}.items(), QueryError)
    with pytest.raises(QueryError, match="multiples is inf, expected a finite number"):
        check_finite([("multiples", (1.0, math.inf))], QueryError)


def test_a_whole_number_is_one_however_it_is_written() -> None:
    assert [whole_number(each) for each in (7, 7.0, "7", " 7.00 ", 0, "0", 5000.0)] == [7, 7, 7, 7, 0, 0, 5000]
    for each in (7.5, "7.5", -1, "-1", True, None, [7], "", "7e0", math.nan, math.inf, 10**9, 1e300, "\u0667"):
        assert whole_number(each) is None
