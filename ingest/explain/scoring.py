"""Candidates simulated, chosen and scored, sides together so that each has another's explanation beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...schema.headline import CHOOSING
from .correlate import Predictions, choosing_score, correlation_scores
from .explainer import Candidate
from .material import Floats, Material
from .predictors import Predicting
from .records import Explanation, Score, Unit
from .simulators.simulator import Expected, Simulator


@dataclass(frozen=True)
class Ranked:
    """One candidate with how well it did on the choosing windows."""

    candidate: Candidate
    value: float | None
    predicted: list[Floats]
    """on the choosing windows, in the neuron's units"""


def partners(neurons: Sequence[tuple[int, int]]) -> list[int | None]:
    """For each side (layer, index) the place of one of another neuron of its layer, whose explanation is its null.

    The sides in order, turned by half of their number, then on to the next of another neuron; None where there is none.
    """
    n = len(neurons)
    made: list[int | None] = []
    for place in range(n):
        turned = ((place + n // 2 + step) % n for step in range(n))
        made.append(next((other for other in turned if neurons[other] != neurons[place]), None))
    return made


def rank(
    simulator: Simulator, materials: Sequence[Material], candidates: Sequence[Sequence[Candidate]]
) -> list[list[Ranked]]:
    """Each side's candidates, the best on the choosing windows first; one without a score comes last."""
    asked = [
        (candidate.text, [p.tokens for p in material.top_and_random("choose")])
        for material, found in zip(materials, candidates, strict=True)
        for candidate in found
    ]
    answers = iter(simulator.simulate_many(asked))
    made = []
    for material, found in zip(materials, candidates, strict=True):
        ranked = []
        for candidate in found:
            predicted = in_units(next(answers), material.maximum)
            ranked.append(Ranked(candidate, choosing_score(material, predicted), predicted))
        made.append(sorted(ranked, key=lambda one: (one.value is None, -(one.value or 0.0))))
    return made


def simulate(
    simulator: Simulator, materials: Sequence[Material], texts: Sequence[str | None], choosing: bool
) -> list[Predictions | None]:
    """What one explanation for each side says of its windows; the choosing ones only where they are asked for."""
    places = [i for i, text in enumerate(texts) if text is not None]
    asked: list[tuple[str, Sequence[Sequence[str]]]] = []
    for i in places:
        material = materials[i]
        windows = (*(material.top_and_random("choose") if choosing else ()), *material.top_and_random("report"))
        asked.append((texts[i] or "", [p.tokens for p in windows]))
    made: list[Predictions | None] = [None] * len(texts)
    for i, answers in zip(places, simulator.simulate_many(asked), strict=True):
        found = in_units(answers, materials[i].maximum)
        first = len(materials[i].top_and_random("choose")) if choosing else 0
        made[i] = Predictions(found[:first], found[first:])
    return made


def in_units(expected: Sequence[Expected], maximum: float) -> list[Floats]:
    """Expected levels 0 to 10 as activations."""
    return [one * (maximum / 10) for one in expected]


def predicted(predicting: Predicting, material: Material) -> Predictions:
    """What an explanation that predicts by itself says of the same windows."""
    choose, report = (
        [predicting.predict(p.tokens) for p in material.top_and_random(split)] for split in ("choose", "report")
    )
    return Predictions(choose, report)


def predicting_records(
    units: Sequence[Unit],
    materials: Sequence[Material],
    made: Sequence[Sequence[Predicting]],
    seed: int,
) -> list[Explanation]:
    """Explanations that need no language model, with the same correlations; the null is the same kind's of another
    neuron of the layer."""
    others = partners([(m.target.layer, m.target.index) for m in materials])
    found = []
    for place, (unit, material) in enumerate(zip(units, materials, strict=True)):
        other = others[place]
        by_name = {one.explainer: one for one in made[other]} if other is not None else {}
        for one in made[place]:
            null = by_name.get(one.explainer)
            scores = correlation_scores(
                material,
                predicted(one, material),
                None if null is None else predicted(null, material),
                one.explainer,
                seed,
            )
            found.append(
                Explanation(
                    unit,
                    one.text,
                    one.explainer,
                    one.kind,
                    material.target.pole,
                    length=one.length,
                    terms=one.terms,
                    scores=scores,
                )
            )
    return found


def text_records(
    unit: Unit,
    material: Material,
    ranked: Sequence[Ranked],
    explainer: str,
    simulator: str,
    seed: int,
    scores: Sequence[Score],
) -> list[Explanation]:
    """A side's candidates as explanations: all with their choosing score, the first with those reported."""
    n = sum(len(p.tokens) for p in material.top_and_random("choose"))
    pole = material.target.pole
    made = []
    for place, one in enumerate(ranked):
        missing = int(sum(int(np.isnan(values).sum()) for values in one.predicted))
        failed = missing if one.value is not None else n
        chosen = Score(
            "correlation", "ev-correlation", one.value, None, n, failed, CHOOSING, simulator, seed, pole=pole
        )
        text, method = one.candidate.text, one.candidate.method
        own = (chosen,) if n else ()
        record = Explanation(unit, text, explainer, "text", pole, method, place + 1, scores=own)
        made.append(replace(record, scores=(*own, *scores)) if place == 0 else record)
    return made
