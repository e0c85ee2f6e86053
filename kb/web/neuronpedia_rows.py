"""Parts of Neuronpedia's shape, each made from what the store has."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...queries import Activity, ExplanationView, ScoreView

TOP = "top"
_BAND = re.compile(r"interval (\S+?[0-9])-(\S+)")
_MORE = re.compile(r" and [0-9,]+ more\Z")
SHOWN = ("null", "n", "failed", "positives", "split", "seed", "run")
"""What is said of a score beside its value."""


def explanation_row(place: Mapping[str, str], view: ExplanationView, started: Any) -> dict[str, Any]:
    """A sentence with its scores."""
    return {
        "id": view.id,
        **place,
        "description": view.text,
        "explanationModelName": view.explainer,
        "typeName": view.method,
        "authorId": None,
        "triggeredByUser": None,
        "notes": None,
        "createdAt": started,
        "scores": [_score(view, score) for score in view.scores],
    }


def _score(view: ExplanationView, score: ScoreView) -> dict[str, Any]:
    """A score under their name of it, or under ours where they have none."""
    judge = score.rater or score.simulator
    parts = (score.scorer, score.formula, score.split, judge, score.run)
    name = _their_names().get((score.scorer, score.formula))
    return {
        "id": "/".join([view.id, *("" if part is None else part for part in parts)]),
        "explanationId": view.id,
        "value": score.value,
        "explanationScoreTypeName": name or f"{score.scorer}_{score.formula}",
        "explanationScoreModelName": judge,
        "jsonDetails": json.dumps({name: getattr(score, name) for name in SHOWN}),
    }


@cache
def _their_names() -> dict[tuple[str, str], str]:
    """Scorer and formula -> their name of it."""
    from ...ingest.explain.published.neuronpedia_rows import SCORE_TYPES

    return {known: name for name, known in SCORE_TYPES.items()}


def other_side(views: Sequence[ExplanationView]) -> list[str]:
    """What is left out of the sentences: those of the other side."""
    others = sum(view.pole < 0 for view in views)
    return [f"{others:,} of the negative side are left out of explanations; /api/card has them"] if others else []


def comment_row(note: Mapping[str, Any]) -> dict[str, Any]:
    """What a person noted: a finding."""
    user = {"name": note["author"]}
    return {"id": note["finding"], "text": note["text"], "createdAt": note["created"], "user": user}


def activation_row(
    excerpt: Mapping[str, Any], source: str | None, quantiles: Mapping[str, float], started: Any
) -> dict[str, Any]:
    """A window. -1 for its bin says that it is one of the strongest; where a band is no interval, its bin is null."""
    values = list(excerpt["activations"] or ())
    low, high = _bin(excerpt["band"], quantiles)
    top = excerpt["band"] == TOP
    return {
        "id": excerpt["id"],
        "tokens": list(excerpt["tokens"]),
        "values": values,
        "maxValue": excerpt["activation"],
        "minValue": min(values, default=None),
        "maxValueTokenIndex": values.index(max(values)) if values else None,
        "dataSource": source,
        "dataIndex": None,
        "binMin": -1 if top else low,
        "binMax": high,
        "binContains": -1 if top else None,
        "createdAt": started,
        "creatorId": None,
        "qualifyingTokenIndex": None,
        "dfaValues": [],
        "dfaMaxValue": None,
        "dfaTargetIndex": None,
        "lossValues": [],
        "logitContributions": None,
    }


def _bin(band: str | None, quantiles: Mapping[str, float]) -> tuple[float | None, float | None]:
    """The activations between which a window was drawn, where the store knows them."""
    if band is None:
        return None, None
    if (match := _BAND.fullmatch(band)) is not None:
        return _number(match[1]), _number(match[2])
    low, _, high = band.partition("-")
    return quantiles.get(low), quantiles.get(high)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def bars(activity: Activity) -> dict[str, Any]:
    """What one corpus says of the positive side: its largest value, its share above zero, and its histogram, whose
    bars stand at their bins' middles. Empty bins at either end are left out."""
    counts, edges = activity.histogram, activity.edges
    full = [i for i, count in enumerate(counts) if count] if len(edges) == len(counts) + 1 else []
    bins = range(full[0], full[-1] + 1) if full else range(0)
    return {
        "maxActApprox": activity.max,
        "frac_nonzero": activity.nonzero,
        "freq_hist_data_bar_heights": [counts[i] for i in bins],
        "freq_hist_data_bar_values": [_middle(edges[i], edges[i + 1], activity) for i in bins],
    }


def _middle(low: float | None, high: float | None, activity: Activity) -> float:
    """Of a bin; one without an end reaches as far as there are values."""
    return ((activity.min if low is None else low) + (activity.max if high is None else high)) / 2


def decoded(tokens: Sequence[Mapping[str, Any]], runs: Sequence[str]) -> dict[str, Any]:
    """What the newest decoding says that a neuron's output raises and lowers, the strongest first, with logits; `runs`
    are from oldest to newest. Empty where nothing is decoded: what was published then stands."""
    down = [row for row in tokens if row["projection"] == "down"]
    if not down:
        return {}
    newest = max((row["run"] for row in down), key=runs.index)
    made: dict[str, Any] = {}
    for name, pole in (("pos", 1), ("neg", -1)):
        side = [row for row in down if (row["run"], row["pole"]) == (newest, pole)]
        made[f"{name}_str"] = [row["token"] for row in side]
        made[f"{name}_values"] = [pole * row["logit"] for row in side]
    return made


def predicted(views: Sequence[ExplanationView]) -> dict[str, Any]:
    """The tokens that published files say an output raises and lowers. Their values are not kept by an import."""
    made: dict[str, Any] = {}
    for name, pole in (("pos", 1), ("neg", -1)):
        texts = [view.text for view in views if view.kind == "decoded" and view.pole == pole]
        made |= {f"{name}_str": _tokens(texts[-1]) if texts else [], f"{name}_values": []}
    return made


def _tokens(text: str) -> list[str]:
    """What the text of such a list names: JSON texts with commas between."""
    try:
        return [str(token) for token in json.loads(f"[{_MORE.sub('', text)}]")]
    except json.JSONDecodeError:
        return []
