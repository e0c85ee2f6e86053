"""Criteria of what stands beside a neuron: its counterpart, its layer, numbers of people's own, nearness in meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import NODES, LinkError, NeuronId, QueryError
from ..catalogue.query import query
from ..catalogue.scope import check_models
from ..result.near import near as near_names
from .criterion import Answer, Criterion, Met, Reason, Scope, answer, together, within

COMPARISONS = {">": "above", ">=": "least", "<": "below", "<=": "most", "=": "equal"}
"""Signs, and what the query `neurons_by_own` calls them."""


@dataclass(frozen=True)
class Own:
    """A number that people put on neurons as a property of their own, compared."""

    name: str
    comparison: str
    value: float

    def __post_init__(self) -> None:
        ours = [prop.name for prop in NODES["Neuron"].properties]
        if self.name in ours:
            raise QueryError(f"{self.name!r} is a property of the schema; expected one that people put on neurons")
        if self.comparison not in COMPARISONS:
            raise QueryError(f"unknown comparison {self.comparison!r}; expected one of {' '.join(COMPARISONS)}")

    def __str__(self) -> str:
        return f"{self.name} {self.comparison} {self.value:g}"

    @classmethod
    def read(cls, text: str) -> Own:
        """Of a text such as `selectivity > 0.5`. Raises QueryError for anything else."""
        for sign in sorted(COMPARISONS, key=len, reverse=True):
            name, found, value = text.partition(sign)
            if found and name.strip():
                try:
                    return cls(name.strip(), sign, float(value))
                except ValueError:
                    break
        raise QueryError(f"{text!r} compares no number; expected a text such as 'selectivity > 0.5'")


def own_criterion(own: Own) -> Criterion:
    """Neurons with such a number. It looks at every neuron of the model; text that writes a number counts as one."""

    def ask(scope: Scope) -> Answer:
        asked: dict[str, Any] = {"comparison": COMPARISONS[own.comparison], "value": own.value, **scope.limits}
        rows = query("neurons_by_own").run(scope.reader, name=own.name, **asked).dicts()
        if not rows:
            _check_own(scope, own.name)
        sign = -1.0 if own.comparison.startswith("<") else 1.0
        return answer([(row["neuron"], _own(own, row["value"], sign)) for row in rows], scope.most)

    return Criterion(str(own), f"has {own}", ask)


def _own(own: Own, value: float, sign: float) -> Met:
    return Met(Reason(str(own), f"{own.name} {value:.3g}", value), (sign * value,))


def _check_own(scope: Scope, name: str) -> None:
    rows = query("neuron_property_names").run(scope.reader, model=scope.model, timeout=scope.timeout).dicts()
    names = {row["name"] for row in rows}
    if name not in names:
        known = sorted(names - {prop.name for prop in NODES["Neuron"].properties})
        raise QueryError(f"no property {name!r} on neurons{near_names(name, known)}")


def counterpart_criterion(name: str, other: str, changed: bool, kept_from: float) -> Criterion:
    """Neurons whose counterpart in a fine-tune or base was changed, or kept.

    Kept: every stored row has a cosine of at least `kept_from` with the counterpart's, and where the link read a text
    the hidden values correlate at null + 0.8 (1 - null) at least: docs/findings.md has the same lines. Changed: not
    kept. The newest link of two models counts. It looks at every counterpart of the model.
    """
    what = f"was {'changed' if changed else 'kept'} in {other}"

    def ask(scope: Scope) -> Answer:
        check_models(scope.reader, other)
        asked: dict[str, Any] = {
            "changed": changed,
            "cosine": kept_from,
            "top": scope.most + 1,
            "timeout": scope.timeout,
        }
        answers = []
        for base, tuned, run in _links(scope, other):
            rows = query("counterparts_kept").run(scope.reader, base=base, tuned=tuned, run=run, **asked).dicts()
            side = "base" if tuned == other else "tuned"
            answers.append(answer([(row[side], _counterpart(name, row, changed)) for row in rows], scope.most))
        return together(answers)

    return Criterion(name, what, ask, ("link",))


def _links(scope: Scope, other: str) -> Iterator[tuple[str, str, str]]:
    """Base, fine-tune and link run of the pairs that a model is in. Raises LinkError where there is none."""
    bases = {row["model"]: row["bases"] for row in query("models").run(scope.reader).dicts()}
    pairs = [(base, other) for base in sorted(set(bases[other]))]
    pairs += [(other, model) for model in sorted(bases) if other in bases[model]]
    pairs = [pair for pair in pairs if scope.model is None or scope.model in pair]
    if not pairs or scope.model == other:
        to = f" to {scope.model!r}" if scope.model else " to any model"
        raise LinkError(f"{other!r} is not linked{to}; run: neuronkb links make BASE TUNED")
    for base, tuned in pairs:
        runs = [row["run"] for row in query("link_runs").run(scope.reader, base=base, tuned=tuned).dicts()]
        if kept := [run for run in runs if scope.run in (None, run)]:
            yield base, tuned, kept[0]


def _counterpart(name: str, row: dict[str, Any], changed: bool) -> Met:
    cosine, r, null = row["cosine"], row["r"], row["null_r"]
    chance = "" if null is None else f", chance {null:.3g}"
    why = f"least cosine {cosine:.3g}" + ("" if r is None else f"; correlation {r:.3g}{chance}")
    return Met(Reason(name, why, cosine), (-cosine if changed else cosine,))


def layers_criterion(layers: Sequence[int]) -> Criterion:
    """Neurons of some layers, where nothing else is asked; beside other criteria theirs are looked through instead."""
    what = f"is in layer {', '.join(map(str, layers))}"

    def ask(scope: Scope) -> Answer:
        rows = query("neurons_of_layers").run(scope.reader, layers=list(layers), **scope.limits).dicts()
        return answer([(row["neuron"], of_layer(row["neuron"])) for row in rows], scope.most)

    return Criterion("layers", what, ask)


def of_layer(neuron: str) -> Met:
    """The reason of a neuron that is in one of the layers."""
    return Met(Reason("layers", f"layer {NeuronId.parse(neuron).layer}"), ())


def near_criterion(near: frozenset[str] | Mapping[str, float | Reason]) -> Criterion:
    """Neurons that a search by meaning found; what is no neuron of the scope's model is left out."""

    def met(neuron: str) -> Met:
        given = near[neuron] if isinstance(near, Mapping) else None
        if isinstance(given, Reason):
            return Met(Reason("near", given.why, given.score, given.null), (given.score or 0.0,))
        why = "near in meaning" if given is None else f"near in meaning: {given:.3g}"
        return Met(Reason("near", why, given), (given or 0.0,))

    def ask(scope: Scope) -> Answer:
        return Answer({neuron: met(neuron) for neuron in within(scope, None, near)})

    return Criterion("near", "is near in meaning", ask)
