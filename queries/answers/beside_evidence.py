"""What methods say of one neuron in base and fine-tune, each kind of evidence beside its like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..catalogue.query import Reader, query
from .activity import Activity, activities
from .beside_parts import Side, joined, lacking
from .explanations import ExplanationView, explanations
from .graphs import graphs
from .probes import Detection, detections

DEAD = 0.01
"""Share of the layer's median largest value that a dead neuron does not exceed, as in `dead_neurons`."""
Sides = tuple[Side, Side]


@dataclass(frozen=True)
class FeatureBeside:
    """A feature that the neuron alone tells in one of the models or in both."""

    feature: str
    """id of the Feature"""
    name: str
    method: str
    base: Detection | None
    tuned: Detection | None
    note: str | None = None
    """which model alone has it, and the command that makes it for the other; None where both have it"""


@dataclass(frozen=True)
class Scored:
    """A score of an explanation on one of the two neurons."""

    value: float | None
    null: float | None
    """the same score of another neuron's explanation"""
    n: int | None


@dataclass(frozen=True)
class ExplanationBeside:
    """An explanation of one of the two neurons or of both, with its headline score on each."""

    id: str
    pole: int
    kind: str
    text: str
    explainer: str | None
    formula: str | None
    """of the headline score"""
    base: Scored | None
    tuned: Scored | None
    of: str
    """whose it is: base, tuned or both"""
    note: str | None = None


@dataclass(frozen=True)
class ActivityNumbers:
    """One pole of one of the two on a text. Numbers are of pole x hidden value."""

    run: str
    n: int
    """tokens read"""
    mean: float
    std: float
    max: float
    nonzero: float
    """share of tokens above zero"""
    dense: bool
    """the mean reaches the standard deviation"""
    dead: bool | None
    """the largest value of both poles is at most 1 % of the layer's median one; None where that is not known"""


@dataclass(frozen=True)
class ActivityBeside:
    """One pole on one text in both models."""

    corpus: str
    """what the text is called"""
    pole: int
    base: ActivityNumbers | None
    tuned: ActivityNumbers | None
    note: str | None = None


@dataclass(frozen=True)
class GraphNumbers:
    """Scores of a graph of what one of the two fires on."""

    run: str
    status: str | None
    nodes: int | None
    f1: float | None
    by_token: float | None
    """F1 of a lookup by token"""
    random: float | None
    """F1 of the graph on random text"""


@dataclass(frozen=True)
class GraphBeside:
    """The graphs of one pole by one algorithm in both models."""

    pole: int
    algorithm: str | None
    base: GraphNumbers | None
    tuned: GraphNumbers | None
    note: str | None = None


def features_beside(reader: Reader, sides: Sides) -> tuple[FeatureBeside, ...]:
    """By feature and method, the best F1 of either first."""
    base, tuned = (_by_feature(detections(reader, side.neuron)) for side in sides)
    rows = []
    for (feature, method), one, two in joined(base, tuned):
        name = next(each.name for each in (one, two) if each is not None)
        note = lacking("probes", sides, (one is not None, two is not None))
        rows.append(FeatureBeside(feature, name, method, one, two, note))
    return tuple(sorted(rows, key=lambda row: (-max(_f1(row.base), _f1(row.tuned)), row.feature, row.method)))


def _by_feature(listed: Iterable[Detection]) -> dict[tuple[str, str], Detection]:
    """The best of each, which comes first."""
    best: dict[tuple[str, str], Detection] = {}
    for one in listed:
        best.setdefault((one.feature, one.method), one)
    return best


def _f1(one: Detection | None) -> float:
    return 0.0 if one is None or one.f1 is None else one.f1


def explanations_beside(reader: Reader, sides: Sides) -> tuple[ExplanationBeside, ...]:
    """The chosen explanations of each, with their headline score on both neurons where there is one."""
    base, tuned = (_chosen(explanations(reader, side.neuron)) for side in sides)
    to_tuned, to_base = (_moved(reader, one, two) for one, two in (sides, sides[::-1]))
    rows = []
    for _, one, two in joined(base, tuned):
        here = _own(one) if one else _elsewhere(to_base, two)
        there = _own(two) if two else _elsewhere(to_tuned, one)
        view = one or two
        if view is not None:
            of = "both" if one and two else "base" if one else "tuned"
            note = lacking("explanations", sides, (here is not None, there is not None), bool(tuned if one else base))
            formula = None if view.headline is None else view.headline.formula
            head = (view.id, view.pole, view.kind, view.text, view.explainer, formula)
            rows.append(ExplanationBeside(*head, here, there, of, note))
    return tuple(rows)


def _chosen(views: Iterable[ExplanationView]) -> dict[tuple[str, int], ExplanationView]:
    return {(view.id, view.pole): view for view in views if view.rank in (None, 1)}


def _own(view: ExplanationView) -> Scored | None:
    score = view.headline
    return None if score is None else Scored(score.value, score.null, score.n)


Moved = dict[str, list[dict[str, Any]]]
"""Scores of one neuron's explanations on the other, by explanation."""


def _moved(reader: Reader, of: Side, on: Side) -> Moved:
    scores: Moved = {}
    for row in query("explanations_on_both").run(reader, neuron=of.neuron, other=on.neuron).dicts():
        scores.setdefault(row["explanation"], []).append(row)
    return scores


def _elsewhere(scores: Moved, view: ExplanationView | None) -> Scored | None:
    """The score on the other neuron that is like the headline: what it was there is the headline's value."""
    score = None if view is None else view.headline
    if view is None or score is None:
        return None
    alike = (score.scorer, score.formula, score.value)
    for row in scores.get(view.id, ()):
        if (row["scorer"], row["formula"], row["base"]) == alike:
            return Scored(row["value"], row["null_score"], row["n"])
    return None


def activity_beside(reader: Reader, sides: Sides, called: Mapping[str, str]) -> tuple[ActivityBeside, ...]:
    """By text and pole; of several runs of a model over a text the newest. `called` are the texts' names by run."""
    base, tuned = (_by_text(reader, side, called) for side in sides)
    return tuple(
        ActivityBeside(*text, one, two, lacking("activations", sides, (one is not None, two is not None)))
        for text, one, two in joined(base, tuned)
    )


def _by_text(reader: Reader, side: Side, called: Mapping[str, str]) -> dict[tuple[str, int], ActivityNumbers]:
    listed = activities(reader, side.neuron, called)
    if not listed:
        return {}
    asked: dict[str, Any] = {"model": side.model, "layer": side.layer, "runs": sorted({one.run for one in listed})}
    medians: dict[str, float] = dict(query("layer_largest").run(reader, **asked).rows)
    return {
        (one.corpus or one.run, one.pole): _numbers(
            one, max(each.max for each in listed if each.run == one.run), medians.get(one.run)
        )
        for one in listed
    }


def _numbers(one: Activity, largest: float, median: float | None) -> ActivityNumbers:
    """`largest` is of both poles, `median` that of the layer's neurons."""
    dense = one.mean >= (one.std or 0.0) and (one.std > 0 or one.mean > 0)
    dead = None if median is None else largest <= DEAD * median
    return ActivityNumbers(one.run, one.n, one.mean, one.std, one.max, one.nonzero, dense, dead)


def graphs_beside(reader: Reader, sides: Sides) -> tuple[GraphBeside, ...]:
    """By pole and algorithm; of several runs of a model the last."""
    base, tuned = ({(row["pole"], row["algorithm"]): row for row in graphs(reader, side.neuron)} for side in sides)
    return tuple(
        GraphBeside(*kind, _graph(one), _graph(two), lacking("n2g", sides, (one is not None, two is not None)))
        for kind, one, two in joined(base, tuned)
    )


def _graph(row: Mapping[str, Any] | None) -> GraphNumbers | None:
    if row is None:
        return None
    return GraphNumbers(row["run"], row["status"], row["nodes"], row["f1"], row["f1_token"], row["f1_random"])
