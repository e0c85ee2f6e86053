"""What probes say: which neurons tell a feature, alone or together, and which tell one feature only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...schema import NotFoundError
from ..catalogue.query import Reader, query
from ..result.near import near
from ..result.record import Record, rows_of
from ..result.section import Section
from .features import FeatureInfo, named


@dataclass(frozen=True)
class Detection:
    """How well one neuron alone tells a feature. Numbers that its table does not have are None."""

    neuron: str
    model: str
    layer: int
    feature: str
    """id of the Feature"""
    name: str
    method: str
    f1: float | None
    precision: float | None
    recall: float | None
    mcc: float | None
    auc: float | None
    coef: float | None
    """negative when the neuron is small where the feature is"""
    threshold: float | None
    base_f1: float | None
    """F1 of always guessing yes"""
    rotated: float | None
    """F1 of the best of as many random directions"""
    split: str | None
    imported: bool
    runs: tuple[str, ...]
    """the runs that say so"""


@dataclass(frozen=True)
class LayerBest:
    """The best single neuron of one layer for one feature."""

    feature: str
    model: str
    layer: int
    run: str
    neuron: str
    method: str
    f1: float | None
    mcc: float | None
    base_f1: float | None
    rotated: float | None
    imported: bool
    precision: float | None = None
    recall: float | None = None
    coef: float | None = None
    name: str | None = None
    category: str | None = None


@dataclass(frozen=True)
class Sparsity:
    """F1 against the number of neurons a probe may use: one feature, model, layer and method."""

    feature: str
    name: str
    model: str
    layer: int
    method: str
    run: str
    k: tuple[int, ...]
    """ascending; the lists below go with it"""
    f1: tuple[float | None, ...]
    mcc: tuple[float | None, ...]
    rotated: tuple[float | None, ...]
    base_f1: tuple[float | None, ...]
    gap: tuple[float | None, ...]
    """0 where the support is proven optimal"""
    status: tuple[str | None, ...]


@dataclass(frozen=True, repr=False)
class FeatureProbes(Record):
    """All that probes say of one feature."""

    features: tuple[FeatureInfo, ...]
    """one a data set"""
    layers: tuple[LayerBest, ...]
    """by feature, model, run and layer"""
    curves: tuple[Sparsity, ...]

    @property
    def title(self) -> str:
        """The feature."""
        return f"probes for {self.features[0].name}"

    @property
    def lead(self) -> str:
        """That nothing is known, where it is so."""
        return "" if self.layers or self.curves else "No neuron of the store was probed for it."

    def sections(self) -> tuple[Section, ...]:
        """Best neurons by layer, F1 against the neurons of a probe, and the feature."""
        from .probe_sections import feature

        return tuple(feature(self))

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The best neuron of each layer, in full."""
        return rows_of(LayerBest, self.layers)


@dataclass(frozen=True, repr=False)
class Detections(Record):
    """Neurons that alone tell a feature."""

    feature: str
    """as it was named"""
    detections: tuple[Detection, ...]
    """best F1 first"""

    @property
    def title(self) -> str:
        """What they tell."""
        names = {each.name for each in self.detections}
        return f"neurons that tell {names.pop() if len(names) == 1 else self.feature}"

    @property
    def lead(self) -> str:
        """That there is none, where it is so."""
        return "" if self.detections else "No neuron of the store tells it so well."

    def sections(self) -> tuple[Section, ...]:
        """One row a neuron and feature."""
        from .probe_sections import detected

        return tuple(detected(self))

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """The neurons, in full."""
        return rows_of(Detection, self.detections)


def by_feature(
    reader: Reader,
    feature: str,
    *,
    least: float | None = None,
    model: str | None = None,
    run: str | None = None,
    top: int = 20,
    timeout: float | None = 60.0,
) -> Detections:
    """Neurons that alone tell a feature, named in any way, best F1 first. Raises QueryError for an unknown one."""
    ids = [found.id for found in named(reader, feature)]
    check_model(reader, model)
    scope: dict[str, Any] = {"model": model, "run": run, "top": top}
    rows = query("find_feature").run(reader, features=ids, least=least, timeout=timeout, **scope).dicts()
    return Detections(feature, tuple(map(detection, rows)))


def detections(reader: Reader, neuron: str) -> tuple[Detection, ...]:
    """The features that a neuron tells, best first."""
    return tuple(map(detection, query("neuron_features").run(reader, neuron=neuron).dicts()))


def feature_probes(reader: Reader, feature: str, *, model: str | None = None, run: str | None = None) -> FeatureProbes:
    """The best neuron of each layer, and F1 against k. Raises QueryError for an unknown feature."""
    found = named(reader, feature)
    check_model(reader, model)
    scope: dict[str, Any] = {"features": [each.id for each in found], "model": model, "run": run}
    layers = query("best_by_layer").run(reader, **scope).dicts()
    curves = query("superposition").run(reader, **scope).dicts()
    return FeatureProbes(tuple(found), tuple(LayerBest(**row) for row in layers), tuple(map(_sparsity, curves)))


def check_model(reader: Reader, model: str | None) -> None:
    """Raise QueryError with near names when the store has no such model."""
    known = [row["model"] for row in query("models").run(reader).dicts()]
    if model is not None and model not in known:
        raise NotFoundError(f"no model {model!r} in the store{near(model, known) if known else '; it has none'}")


def detection(row: Mapping[str, Any]) -> Detection:
    """A row of `find_feature` or `neuron_features`."""
    return Detection(**{**row, "imported": bool(row["imported"]), "runs": tuple(row["runs"])})


def _sparsity(row: Mapping[str, Any]) -> Sparsity:
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    return Sparsity(**values)
