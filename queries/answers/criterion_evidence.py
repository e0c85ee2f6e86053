"""Criteria of what runs measured: probes, explanations, coherence, graphs and statistics of activations."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Literal, get_args

from ...schema import QueryError
from ...schema.visible import plain
from ..catalogue.query import query
from .criterion import Answer, Criterion, Met, Reason, Scope, answer, together
from .features import features
from .find import coherent
from .graphs import by_graph
from .probes import Detection, by_feature, detection

Statistic = Literal["dead", "dense", "sparse"]
STATISTICS: tuple[Statistic, ...] = get_args(Statistic)
LONGEST = 80
"""Characters of an explanation in a reason."""


def feature_criterion(feature: str | None, least: float | None) -> Criterion:
    """Neurons that alone tell a feature, or any; with `least` by at least that F1."""
    what = f"tells {feature if feature is not None else 'a feature'}"
    what += "" if least is None else f" with an F1 of at least {least:g}"

    def ask(scope: Scope) -> Answer:
        if feature is not None:
            told = by_feature(
                scope.reader,
                feature,
                least=least,
                model=scope.model,
                run=scope.run,
                top=scope.most + 1,
                timeout=scope.timeout,
            ).detections
        else:
            ids = [known.id for known in features(scope.reader)]
            rows = query("find_feature").run(scope.reader, features=ids, least=least, **scope.of_run).dicts()
            told = tuple(map(detection, rows))
        return answer([(one.neuron, _told(one)) for one in told], scope.most)

    return Criterion("feature", what, ask, ("probes",))


def _told(one: Detection) -> Met:
    null = one.rotated if one.rotated is not None else one.base_f1
    why = f"{plain(one.name)}: F1 {_number(one.f1)}{_chance(null)}"
    return Met(Reason("feature", why, one.f1, null), (-inf if one.f1 is None else one.f1,))


def score_criterion(least: float) -> Criterion:
    """Neurons with an explanation whose headline score reaches `least`; only equal formulas compare."""

    def ask(scope: Scope) -> Answer:
        rows = query("explained_from").run(scope.reader, least=least, **scope.of_run).dicts()
        return answer([(row["neuron"], _explained(row)) for row in rows], scope.most)

    return Criterion("score", f"has an explanation with a score of at least {least:g}", ask, ("explanations",))


def _explained(row: dict[str, Any]) -> Met:
    text = plain(row["explanation"] or "")
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    why = f'{_sign(row["pole"])}: "{text}": {row["formula"] or row["scorer"] or "score"} {_number(row["score"])}'
    reason = Reason("score", why + _chance(row["null_score"]), row["score"], row["null_score"])
    return Met(reason, (row["score"],))


def coherent_criterion(least: float) -> Criterion:
    """Neurons with a decoded end whose top tokens are different words as coherent as that: `coherent` says how many."""

    def ask(scope: Scope) -> Answer:
        ends = coherent(scope.reader, least=least, run=scope.run, **scope.limits).ends
        found = []
        for end in ends:
            tokens = ", ".join(plain(token).strip() or repr(token) for token in end.tokens[:3])
            why = f"{end.projection} {_sign(end.pole)}: coherence {_number(end.score)} ({tokens})"
            found.append((end.neuron, Met(Reason("coherent", why, end.score), (end.score,))))
        return answer(found, scope.most)

    return Criterion("coherent", f"has an end with a coherence of at least {least:g}", ask, ("lm-head",))


def graph_criterion(activates_on: str | None, context: str | None, exact: bool) -> Criterion:
    """Neurons whose N2G graph fires on a word, needs one as context, or both."""
    fires = [] if activates_on is None else [f"fires on {activates_on!r}"]
    needs = [] if context is None else [f"needs {context!r} as context"]
    what = f"has a graph that {' and '.join(fires + needs)}"

    def ask(scope: Scope) -> Answer:
        rows = by_graph(scope.reader, activates_on, context, exact=exact, run=scope.run, **scope.limits).dicts()
        return answer([(row["neuron"], _graph(row, activates_on is not None)) for row in rows], scope.most)

    return Criterion("graph", what, ask, ("n2g",))


def _graph(row: dict[str, Any], fires: bool) -> Met:
    def shown(tokens: list[str] | None) -> str:
        return ", ".join(plain(token).strip() or repr(token) for token in tokens or ())

    context = row.get("context") if fires else row["tokens"]
    parts = [f"fires on {shown(row['tokens'])}, activation {_number(row['activation'])}"] if fires else []
    parts += [f"needs {shown(context)}, importance {_number(row['importance'])}"] if context else []
    score = row["activation"] if fires else row["importance"]
    reason = Reason("graph", f"{_sign(row['pole'])}: {'; '.join(parts)}", score)
    return Met(reason, (-inf if score is None else score,))


def statistic_criterion(statistic: str) -> Criterion:
    """Neurons that are dead, dense or sparse over a corpus, as the queries of these names have it by themselves.

    Dead: the largest value is at most 1 % of the layer's median one. Dense: on one side the mean is at least the
    standard deviation. Sparse: an excess kurtosis of at least 10. Each looks at all statistics of the model.
    """
    if statistic not in _STATISTICS:
        raise QueryError(f"unknown statistic {statistic!r}; expected one of {', '.join(STATISTICS)}")
    name, said = _STATISTICS[statistic]

    def ask(scope: Scope) -> Answer:
        def of(model: str) -> Answer:
            asked = {**scope.of_run, "model": model}
            rows = query(name).run(scope.reader, **asked).dicts()
            return answer([(row["neuron"], said(row)) for row in rows], scope.most)

        return together(map(of, scope.models()))

    return Criterion("statistic", f"is {statistic}", ask, ("activations",))


def _dead(row: dict[str, Any]) -> Met:
    why = f"dead: largest value {_number(row['largest'])}, median of the layer {_number(row['median'])}"
    return Met(Reason("statistic", why, row["largest"]), (-row["largest"],))


def _dense(row: dict[str, Any]) -> Met:
    density = inf if row["density"] is None else row["density"]
    why = f"dense {_sign(row['pole'])}: mean {_number(row['mean'])}, standard deviation {_number(row['std'])}"
    return Met(Reason("statistic", why, row["density"]), (density,))


def _sparse(row: dict[str, Any]) -> Met:
    why = f"sparse: excess kurtosis {_number(row['kurtosis'])}"
    return Met(Reason("statistic", why, row["kurtosis"]), (row["kurtosis"],))


_STATISTICS: dict[str, tuple[str, Callable[[dict[str, Any]], Met]]] = {
    "dead": ("dead_neurons", _dead),
    "dense": ("dense_neurons", _dense),
    "sparse": ("sparse_neurons", _sparse),
}


def _sign(pole: int | None) -> str:
    return "-" if pole is not None and pole < 0 else "+"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3g}"


def _chance(null: float | None) -> str:
    return "" if null is None else f", chance {null:.3g}"
