"""Records that do not fit are refused in one line."""

from __future__ import annotations

from typing import Any

import pytest
from neuronkb.queries.result.picture import DoseCurve, ExcerptView, HistogramView
from neuronkb.schema import SchemaError


def excerpt(**changed: Any) -> ExcerptView:
    fields: dict[str, Any] = {"tokens": ("a",), "activations": (1.0,), "activation": 1.0, "band": "top", "pole": 1}
    return ExcerptView(**{**fields, "document": "d", **changed})


def test_values_are_hidden_values() -> None:
    assert excerpt(tokens=("a", "b"), activations=(2.0, -1.0), pole=-1).values == (-2.0, 1.0)
    assert str(excerpt(activations=(0.0,), pole=-1).values[0]) == "0.0"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"activations": (1.0, 2.0)}, "2 activations beside 1 tokens"),
        ({"activations": (float("nan"),)}, "nan among the activations"),
        ({"activation": float("inf")}, "inf among the activations"),
        ({"pole": 0}, "pole 0 is neither 1 nor -1"),
    ],
)
def test_excerpt(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        excerpt(**changed)


@pytest.mark.parametrize(
    ("edges", "counts", "message"),
    [
        ((0.0, 1.0), (1, 2), "2 edges beside 3 counts and one more"),
        ((0.0, 1.0, 1.0), (1, 2), r"edges \[0, 1, 1\] do not ascend"),
        ((0.0, 1.0, 2.0), (1, -2), r"counts \[1, -2\] fall below zero"),
        ((0.0, float("inf")), (1,), "inf among the edges"),
        ((6.0, 5.0, 4.0, 3.0, 2.0, 1.0), (1,) * 5, r"edges \[6, 5, 4, 3, \.\.\.\]"),
    ],
)
def test_histogram(edges: tuple[float, ...], counts: tuple[int, ...], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        HistogramView(edges, counts)


def test_histogram_quantiles_are_finite() -> None:
    with pytest.raises(SchemaError, match="nan among the quantiles"):
        HistogramView((0.0, 1.0), (1,), {"0.5": float("nan")})


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (((1.0,), ()), "0 effects beside 1 values"),
        (((1.0,), (1.0,), (0.0,)), "1 null_low beside 0 null_high"),
        (((1.0,), (1.0,), (0.0, 1.0), (0.0, 1.0)), "2 null_low beside 1 values"),
        (((1.0,), (float("nan"),)), "nan among the effects"),
    ],
)
def test_dose(curve: tuple[Any, ...], message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        DoseCurve(*curve)


def test_empty_records_are_records() -> None:
    assert HistogramView((), ()).counts == ()
    assert DoseCurve((), ()).values == ()
