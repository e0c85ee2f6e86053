"""What a picture is drawn from: plain records that a caller fills from query results or from a job."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...schema import SchemaError


@dataclass(frozen=True)
class ExcerptView:
    """A token window with a neuron's activation at each token. Raises SchemaError when the two do not match."""

    tokens: tuple[str, ...]
    activations: tuple[float, ...]
    """pole x hidden value at each token: positive on the pole's own side"""
    activation: float
    """the strongest of them, pole x hidden value"""
    band: str
    """top, or the quantile band the window was drawn from"""
    pole: int
    document: str

    def __post_init__(self) -> None:
        _same("activations", self.activations, "tokens", self.tokens)
        _finite("activations", (*self.activations, self.activation))
        _pole(self.pole)

    @property
    def values(self) -> tuple[float, ...]:
        """The hidden value at each token, with its own sign."""
        return tuple(self.pole * value or 0.0 for value in self.activations)


@dataclass(frozen=True)
class HistogramView:
    """How often a neuron's activation fell in each bin. Raises SchemaError for bins that are not ones.

    One view may span both signs of the hidden value, or a view a pole may hold its own side.
    """

    edges: tuple[float, ...]
    """`[n_bins + 1]`, ascending: pole x hidden value"""
    counts: tuple[int, ...]
    """`[n_bins]`"""
    quantiles: Mapping[str, float] = field(default_factory=dict)
    """threshold, pole x hidden value, by the quantile's name: `{"0.99": 3.2}`"""
    pole: int = 1

    def __post_init__(self) -> None:
        _same("edges", self.edges, "counts and one more", (*self.counts, 0) if self.counts else ())
        _finite("edges", self.edges)
        _finite("quantiles", self.quantiles.values())
        _pole(self.pole)
        if any(right <= left for left, right in zip(self.edges, self.edges[1:], strict=False)):
            raise SchemaError(f"histogram edges {_short(self.edges)} do not ascend")
        if min(self.counts, default=0) < 0:
            raise SchemaError(f"histogram counts {_short(self.counts)} fall below zero")


@dataclass(frozen=True)
class DoseCurve:
    """What clamping a neuron to each value did, beside its null. Raises SchemaError when the lengths differ."""

    values: tuple[float, ...]
    """hidden values the neuron was clamped to"""
    effects: tuple[float, ...]
    """change in log-probability at each value, nats"""
    null_low: tuple[float, ...] = ()
    """lower end of the null's band at each value; empty without a null"""
    null_high: tuple[float, ...] = ()
    label: str = ""
    """what the effect was measured on, such as the decoded tokens or the model"""

    def __post_init__(self) -> None:
        _same("effects", self.effects, "values", self.values)
        _same("null_low", self.null_low, "null_high", self.null_high)
        if self.null_low:
            _same("null_low", self.null_low, "values", self.values)
        for name in ("values", "effects", "null_low", "null_high"):
            _finite(name, getattr(self, name))


@dataclass(frozen=True)
class ProbeLine:
    """F1 against layers, or against the neurons that a probe may use. Raises SchemaError when the lengths differ."""

    label: str
    places: tuple[float, ...]
    f1: tuple[float, ...]
    null: tuple[float | None, ...] = ()
    """F1 of the best random direction at each place, None where not known; empty without any"""

    def __post_init__(self) -> None:
        _same("F1 values", self.f1, "places", self.places)
        if self.null:
            _same("nulls", self.null, "places", self.places)
        _finite("nulls", (value for value in self.null if value is not None))
        _finite("F1 values", self.f1)
        _finite("places", self.places)


@dataclass(frozen=True)
class HeatMap:
    """Values of rows by columns. Raises SchemaError when their number differs or a value is not finite."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]
    """`[n_rows][n_columns]`, None where there is none"""
    low: float
    """the lower end of the colours; with `low` below zero and `high` above, zero has no colour"""
    high: float
    unit: str = ""
    """what the values are, in words"""
    notes: tuple[tuple[str, ...], ...] = ()
    """`[n_rows][n_columns]`: what more is known of each; or empty"""
    links: tuple[tuple[str | None, ...], ...] = ()
    """`[n_rows][n_columns]`: the address that each leads to; or empty"""

    def __post_init__(self) -> None:
        for name in ("values", "notes", "links"):
            table = getattr(self, name)
            if table or name == "values":
                _same(f"rows of {name}", table, "labels of rows", self.rows)
            for row in table:
                _same(name, row, "labels of columns", self.columns)
        _finite("values", (value for row in self.values for value in row if value is not None))
        _finite("ends of the colours", (self.low, self.high))
        if self.low >= self.high:
            raise SchemaError(f"a heat map from {self.low:g} to {self.high:g} has no colours; low must be below high")


def _same(one: str, first: Sequence[object], other: str, second: Sequence[object]) -> None:
    if len(first) != len(second):
        raise SchemaError(f"{len(first)} {one} beside {len(second)} {other}; a picture needs as many of both")


def _finite(name: str, values: Iterable[float]) -> None:
    bad = next((value for value in values if not math.isfinite(value)), None)
    if bad is not None:
        raise SchemaError(f"{bad!r} among the {name}; a picture needs finite numbers")


def _pole(pole: int) -> None:
    if pole not in (1, -1):
        raise SchemaError(f"pole {pole!r} is neither 1 nor -1")


def _short(values: Sequence[float]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:4])
    return f"[{shown}{', ...' if len(values) > 4 else ''}]"


@dataclass(frozen=True)
class ScoreLine:
    """Mean scores of one kind of explanation."""

    label: str
    layers: tuple[int, ...]
    values: tuple[float, ...]
    nulls: tuple[float | None, ...]
    """of another neuron's explanation"""


@dataclass(frozen=True)
class DriftPoint:
    """Mean correlations of one layer's hidden values in base and fine-tune."""

    layer: int
    r: float
    null_r: float | None
    """with another neuron of the layer"""
