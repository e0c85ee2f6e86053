"""What probes found, for a terminal and for a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..pictures import ProbeLine
from .output import cell, table

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from ...ingest.probes.ablation import Ablation, Loss
    from ...queries import Candidate, Detection, FeatureProbes, LayerBest, ProbeReport, Sparsity

IMPORTED = "published"
OTHERS = 3
"""Features beside its best that a candidate's row names."""


def detections(found: Sequence[Detection]) -> list[RenderableType]:
    """One row a neuron and feature."""
    names = {d.name for d in found}
    rows = [
        (
            d.model,
            _place(d.neuron, d.model),
            d.name if len(names) > 1 else "",
            *_scores(d),
            cell(d.mcc),
            cell(d.precision),
            cell(d.recall),
            _origin(d.imported),
        )
        for d in found
    ]
    columns = ("model", "neuron", "feature", "F1", "always yes", "rotated", "MCC", "precision", "recall", "")
    title = f"neurons that tell {next(iter(names))}" if len(names) == 1 else None
    return [_filled(columns, rows, title) if rows else "No neuron of the store tells it so well.", *_note(found)]


def ablation(found: Ablation) -> Table:
    """Loss with the feature and without, and its rise by the neuron and by others."""

    def row(name: str, loss: Loss) -> tuple[str, str, str]:
        return name, cell(loss.with_feature), cell(loss.without)

    rows = [
        row("loss of the whole model", found.before),
        row(f"rise without L{found.layer}/N{found.neuron}", found.rise),
        *(row(f"rise without a random neuron {i}", loss) for i, loss in enumerate(found.controls, 1)),
    ]
    title = (
        f"{found.feature}, next-token loss in nats: {found.points[0]:,} tokens with it, {found.points[1]:,} without; "
        f"largest rise {cell(found.largest)}"
    )
    return table(("", f"on {found.feature}", "on other text"), rows, title)


def feature(found: FeatureProbes) -> list[RenderableType]:
    """What the feature is, its best neuron by layer and model, and F1 against k."""
    parts: list[RenderableType] = [_features(found)]
    rows = [
        (b.model, str(b.layer), b.neuron.rpartition("/")[2], *_scores(b), cell(b.mcc), _origin(b.imported))
        for b in _one_a_layer(found.layers)
    ]
    if rows:
        columns = ("model", "layer", "neuron", "F1", "always yes", "rotated", "MCC", "")
        parts.append(_filled(columns, rows, "Best single neuron of each layer"))
    if found.curves:
        parts += _sparsity(found.curves)
    if not rows and not found.curves:
        parts.append("No neuron of the store was probed for it.")
    return [*parts, *_note(found.layers)]


def report(found: ProbeReport, top: int) -> list[RenderableType]:
    """The best neuron of each feature, and the candidates."""
    best = found.best_of_features
    rows = [
        (b.category or "", b.name or b.feature, _place(b.neuron, found.model), *_scores(b), _origin(b.imported))
        for b in best[:top]
    ]
    more = f", the first {top}" if len(best) > top else ""
    title = f"{found.model}: best neuron for each of {len(best)} features{more}"
    parts: list[RenderableType] = [
        _filled(("category", "feature", "neuron", "F1", "always yes", "rotated", ""), rows, title)
    ]
    if not best:
        return [f"{found.model}: no neuron was probed"]
    kinds = (
        (f"One feature told (F1 >= {found.high:g}), no other to a share of {found.low:g}", found.monosemantic),
        (f"Features of several categories told to a share of {found.low:g} or more", found.polysemantic),
    )
    parts += [_candidates(title, each, found) for title, each in kinds]
    return [*parts, *_note(found.best)]


def _one_a_layer(found: Iterable[LayerBest]) -> list[LayerBest]:
    """The best of all runs and data sets for each model and layer."""
    best: dict[tuple[str, int], LayerBest] = {}
    for each in sorted(found, key=lambda b: (-(b.f1 or 0), -(b.mcc or 0), b.neuron, b.run)):
        best.setdefault((each.model, each.layer), each)
    return [best[key] for key in sorted(best)]


def views(found: FeatureProbes) -> tuple[list[ProbeLine], list[ProbeLine]]:
    """The lines of the picture: F1 against layer, and against k at each model's best layer."""
    depth: dict[str, list[LayerBest]] = {}
    for b in _one_a_layer(found.layers):
        depth.setdefault(b.model, []).append(b)
    one = len({(c.model, c.run, c.feature) for c in found.curves}) == 1
    sparse = [
        ProbeLine(
            c.method if one else f"{c.method}, {c.model} L{c.layer}", *_drawn(zip(c.k, c.f1, c.rotated, strict=True))
        )
        for c in _best_layers(found.curves)
    ]
    lines = [ProbeLine(model, *_drawn((b.layer, b.f1, b.rotated) for b in best)) for model, best in depth.items()]
    return lines, sparse


def _drawn(
    points: Iterable[tuple[int, float | None, float | None]],
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float | None, ...]]:
    """Places, F1 and nulls of the points that have an F1."""
    kept = [(float(x), y, null) for x, y, null in points if y is not None]
    return tuple(x for x, _, _ in kept), tuple(y for _, y, _ in kept), tuple(null for _, _, null in kept)


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


def _features(found: FeatureProbes) -> Table:
    rows = [
        (f.name, ", ".join(f.aliases), f.category or "", f.dataset or "", cell(f.positives), cell(f.n), f.status or "")
        for f in found.features
    ]
    return _filled(("feature", "other names", "category", "data set", "positives", "examples", ""), rows)


def _sparsity(curves: Sequence[Sparsity]) -> list[RenderableType]:
    ks = sorted({k for curve in curves for k in curve.k})
    rows = []
    for curve in _best_layers(curves):
        at = dict(zip(curve.k, curve.f1, strict=True))
        rows.append((curve.model, str(curve.layer), curve.method, *(cell(at.get(k)) for k in ks), _proof(curve)))
    columns = ("model", "layer", "method", *(f"k={k}" for k in ks), "proven optimal")
    return [_filled(columns, rows, "F1 against the neurons a probe may use, at each method's best layer")]


def _proof(curve: Sparsity) -> str:
    known = [gap for gap in curve.gap if gap is not None]
    return f"{sum(status == 'optimal' for status in curve.status)} of {len(known)}" if known else ""


def _candidates(title: str, found: Sequence[Candidate], whole: ProbeReport) -> Table:
    rows = [
        (
            _place(each.neuron, whole.model),
            f"{each.told[0].name} {cell(each.told[0].f1)}",
            ", ".join(f"{one.name} {cell(one.f1)}" for one in each.told[1 : 1 + OTHERS]),
        )
        for each in found
    ]
    return table(("neuron", "best feature, F1", "next ones"), rows, title)


def _filled(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None = None) -> Table:
    """A table without the columns that are empty in every row."""
    kept = [i for i in range(len(columns)) if not rows or any(row[i] for row in rows)]
    return table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows], title)


def _scores(found: Detection | LayerBest) -> tuple[str, str, str]:
    return cell(found.f1), cell(found.base_f1), cell(found.rotated)


def _origin(imported: bool) -> str:
    return IMPORTED if imported else ""


def _note(found: Sequence[Detection | LayerBest]) -> list[RenderableType]:
    if not any(each.imported for each in found):
        return []
    return [f"{IMPORTED}: from a table that names some neurons only, on weights that were not compared with a model's."]


def _place(neuron: str, model: str) -> str:
    return neuron.removeprefix(f"{model}/")
