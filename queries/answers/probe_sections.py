"""What probes say, as sections for whatever draws it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...schema import NeuronId
from ..result.picture import ProbeLine
from ..result.section import ProbeLines, Section

if TYPE_CHECKING:
    from .probe_report import Candidate, ProbeReport
    from .probes import Detection, Detections, FeatureProbes, LayerBest, Sparsity

PUBLISHED = "published"
NOTE = f"{PUBLISHED}: from a table that names some neurons only, on weights that were not compared with a model's."
OTHERS = 3
"""Features beside its best that a candidate's row names."""
SCORES = ("F1", "always yes", "null")


def detected(found: Detections) -> Iterator[Section]:
    """One row a neuron and feature, model by model."""
    names = {row.name for row in found.detections}
    columns = ("neuron", "feature", *SCORES, "MCC", "precision", "recall", "from")
    for model in dict.fromkeys(row.model for row in found.detections):
        rows = [
            (
                _place(row.neuron, model),
                row.name if len(names) > 1 else None,
                *_scores(row),
                row.mcc,
                row.precision,
                row.recall,
                _origin(row),
            )
            for row in found.detections
            if row.model == model
        ]
        yield Section.table(f"{model}: probes of one neuron", columns, rows)
    yield from _note(found.detections)


def feature(found: FeatureProbes) -> Iterator[Section]:
    """Its best neuron by layer and F1 against k, model by model; then what the feature is."""
    best = _one_a_layer(found.layers)
    for model in dict.fromkeys(each.model for each in best):
        rows = [
            (each.layer, NeuronId.parse(each.neuron).place.partition("/")[2], *_scores(each), each.mcc, _origin(each))
            for each in best
            if each.model == model
        ]
        columns = ("layer", "neuron", *SCORES, "MCC", "from")
        yield Section.table(f"{model}: best single neuron of each layer", columns, rows)
    curves = _best_layers(found.curves)
    for model in dict.fromkeys(curve.model for curve in curves):
        rows = [row for curve in curves if curve.model == model for row in _by_k(curve)]
        caption = f"{model}: F1 against k, the neurons a probe may use, at each method's best layer"
        yield Section.table(caption, ("method", "layer", "k", *SCORES, "gap", "support"), rows)
    if best or curves:
        lines = ProbeLines(_depth_lines(best), _sparse_lines(curves))
        yield Section("F1 of the best neuron by layer, and against k", picture=lines)
    columns = ("feature", "other names", "category", "data set", "positives", "examples", "status")
    yield Section.table(
        "The feature",
        columns,
        [(f.name, ", ".join(f.aliases), f.category, f.dataset, f.positives, f.n, f.status) for f in found.features],
    )
    yield from _note(found.layers)


def report(found: ProbeReport) -> Iterator[Section]:
    """The best neuron of each feature, and the candidates."""
    best = found.best_of_features
    if not best:
        return
    more = f", the first {found.shown}" if len(best) > found.shown else ""
    yield Section.table(
        f"Best neuron for each of {len(best)} features{more}",
        ("category", "feature", "neuron", *SCORES, "from"),
        [
            (each.category, each.name or each.feature, _place(each.neuron, found.model), *_scores(each), _origin(each))
            for each in best[: found.shown]
        ],
    )
    kinds = (
        (f"One feature told (F1 >= {found.high:g}), no other to a share of {found.low:g}", found.monosemantic),
        (f"Features of several categories told to a share of {found.low:g} or more", found.polysemantic),
    )
    for caption, candidates in kinds:
        rows = [_candidate(candidate, found.model) for candidate in candidates]
        yield Section(caption, ("neuron", "best feature", "F1", "next ones, F1"), tuple(rows))
    yield from _note(found.best)


def _candidate(candidate: Candidate, model: str) -> tuple[Any, ...]:
    best, *others = candidate.told
    more = ", ".join(f"{told.name} {told.f1:.4g}" for told in others[:OTHERS])
    return _place(candidate.neuron, model), best.name, best.f1, more


def _by_k(curve: Sparsity) -> Iterator[tuple[Any, ...]]:
    """A row a k."""
    columns = (curve.k, curve.f1, curve.base_f1, curve.rotated, curve.gap, curve.status)
    for row in zip(*columns, strict=True):
        yield curve.method, curve.layer, *row


def _one_a_layer(found: Iterable[LayerBest]) -> list[LayerBest]:
    """The best of all runs and data sets for each model and layer."""
    best: dict[tuple[str, int], LayerBest] = {}
    for each in sorted(found, key=lambda b: (-(b.f1 or 0), -(b.mcc or 0), b.neuron, b.run)):
        best.setdefault((each.model, each.layer), each)
    return [best[key] for key in sorted(best)]


def _best_layers(curves: Sequence[Sparsity]) -> list[Sparsity]:
    """Of each feature, model, run and method the layer with the highest F1."""
    best: dict[tuple[str, str, str, str], Sparsity] = {}
    for curve in curves:
        key = (curve.feature, curve.model, curve.run, curve.method)
        if key not in best or _top(curve) > _top(best[key]):
            best[key] = curve
    return list(best.values())


def _top(curve: Sparsity) -> float:
    return max((f1 for f1 in curve.f1 if f1 is not None), default=-1.0)


def _depth_lines(best: Sequence[LayerBest]) -> tuple[ProbeLine, ...]:
    """F1 against the layer, a line a model."""
    models = dict.fromkeys(each.model for each in best)
    return tuple(_line(m, ((b.layer, b.f1, b.rotated) for b in best if b.model == m)) for m in models)


def _sparse_lines(curves: Sequence[Sparsity]) -> tuple[ProbeLine, ...]:
    """F1 against k, a line a method and model."""
    alone = len({(c.model, c.run, c.feature) for c in curves}) == 1
    return tuple(
        _line(c.method if alone else f"{c.method}, {c.model} L{c.layer}", zip(c.k, c.f1, c.rotated, strict=True))
        for c in curves
    )


def _line(label: str, points: Iterable[tuple[int, float | None, float | None]]) -> ProbeLine:
    """Of the points that have an F1."""
    kept = [(float(place), f1, null) for place, f1, null in points if f1 is not None]
    return ProbeLine(label, tuple(p for p, _, _ in kept), tuple(f for _, f, _ in kept), tuple(n for _, _, n in kept))


def _scores(found: Detection | LayerBest) -> tuple[float | None, float | None, float | None]:
    return found.f1, found.base_f1, found.rotated


def _origin(found: Detection | LayerBest) -> str | None:
    return PUBLISHED if found.imported else None


def _note(found: Sequence[Detection | LayerBest]) -> Iterator[Section]:
    if any(each.imported for each in found):
        yield Section.lines("Remarks", [NOTE])


def _place(neuron: str, model: str) -> str:
    return neuron.removeprefix(f"{model}/")
