"""What neurons are explained by, and how good it is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import QueryError
from ..catalogue.corpora import corpora
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_models

HEADLINE = ("correlation", "ev-correlation")
"""Scorer and formula that every kind of explanation has."""
PROTOCOLS = ("top-and-random", "random-only")


@dataclass(frozen=True)
class ScoreView:
    """One score of an explanation on the unit it explains."""

    run: str
    scorer: str
    formula: str
    split: str | None
    value: float | None
    null: float | None
    n: int | None
    failed: int | None
    positives: int | None
    simulator: str | None
    rater: str | None
    seed: int | None


@dataclass(frozen=True)
class ExplanationView:
    """One explanation of one pole of a unit."""

    id: str
    unit: str
    run: str
    pole: int
    rank: int | None
    """1 is the one chosen of its candidates"""
    kind: str
    text: str
    explainer: str | None
    method: str | None
    length: int | None
    """bytes of its whole written form"""
    embedder: str | None
    scores: tuple[ScoreView, ...]
    corpus: str | None = None
    """what the corpus is called that it was made and scored on"""

    def value(self, formula: str = HEADLINE[1], split: str | None = PROTOCOLS[0]) -> ScoreView | None:
        """The score of a formula on a split; None where there is none."""
        return next((one for one in self.scores if (one.formula, one.split) == (formula, split)), None)


@dataclass(frozen=True)
class LayerScore:
    """One formula over the chosen explanations of one kind and explainer in one layer."""

    run: str
    layer: int
    kind: str
    explainer: str | None
    scorer: str
    formula: str
    split: str | None
    rater: str | None
    sides: int
    """explanations with such a score, defined or not"""
    scored: int
    """those where it is defined"""
    mean: float | None
    null: float | None
    """mean of the same score of another neuron's explanation"""
    best: float | None
    length: float | None
    """mean bytes of the written form"""
    n: int | None
    failed: int | None
    corpus: str | None = None
    """what the corpus is called"""


@dataclass(frozen=True)
class ExplanationReport:
    """A model's explanations by layer."""

    model: str
    rows: tuple[LayerScore, ...]
    runs: dict[str, dict[str, Any]]
    """what each run's job reported: explainer, simulator, failures"""

    def only(self, scorer: str, formula: str, split: str | None) -> list[LayerScore]:
        """Rows of one formula on one split."""
        return [row for row in self.rows if (row.scorer, row.formula, row.split) == (scorer, formula, split)]


def explanations(reader: Reader, unit: str) -> tuple[ExplanationView, ...]:
    """Of one neuron or latent, by run and pole; empty where it has none."""
    rows = query("unit_explanations").run(reader, unit=unit).dicts()
    if not rows:
        return ()
    scores: dict[tuple[str, int], list[ScoreView]] = defaultdict(list)
    for row in query("unit_scores").run(reader, unit=unit).dicts():
        key = (row.pop("id"), row.pop("pole"))
        scores[key].append(ScoreView(null=row.pop("null_value"), **row))
    called = corpora(reader)
    return tuple(
        ExplanationView(unit=unit, scores=tuple(scores[row["id"], row["pole"]]), corpus=called.get(row["run"]), **row)
        for row in rows
    )


def explanation(reader: Reader, name: str) -> tuple[ExplanationView, ...]:
    """One explanation, by its id or a beginning of it that no other has, on every unit it explains.

    Raises QueryError where there is none or several.
    """
    rows = query("explanation").run(reader, start=name, limit=1000).dicts() if name else []
    ids = sorted({row["id"] for row in rows})
    if not ids:
        raise QueryError(f"no explanation {name!r} in the store; give a neuron such as MODEL/L3/N17, or an id it shows")
    if len(ids) > 1:
        raise QueryError(f"{len(ids)} explanations begin with {name!r}; give more of the id")
    found = (explanations(reader, row["unit"]) for row in rows)
    return tuple(one for some in found for one in some if one.id == ids[0])


def explanation_report(reader: Reader, model: str, run: str | None = None) -> ExplanationReport:
    """Scores by layer, kind and explainer. Raises QueryError for a model without explanations."""
    rows = query("explanation_layers").run(reader, model=model, run=run).dicts()
    if not rows:
        check_models(reader, model)
        raise QueryError(f"no scored explanations of {model}; neuronkb ingest explanations makes some")
    called = corpora(reader)
    made = tuple(LayerScore(null=row.pop("null_mean"), corpus=called.get(row["run"]), **row) for row in rows)
    return ExplanationReport(model, made, _runs(reader, model, {row.run for row in made}))


def pooled(rows: Sequence[LayerScore]) -> list[LayerScore]:
    """The same by kind and explainer over all layers, each explanation counting once; layer is -1."""
    groups: dict[tuple[Any, ...], list[LayerScore]] = defaultdict(list)
    for row in rows:
        key = (row.run, row.kind, row.explainer, row.scorer, row.formula, row.split, row.rater)
        groups[key].append(row)
    return [_pooled(found) for found in groups.values()]


def _pooled(rows: Sequence[LayerScore]) -> LayerScore:
    first = rows[0]
    scored = sum(row.scored for row in rows)
    bests = [row.best for row in rows if row.best is not None]
    return LayerScore(
        first.run,
        -1,
        first.kind,
        first.explainer,
        first.scorer,
        first.formula,
        first.split,
        first.rater,
        sum(row.sides for row in rows),
        scored,
        _mean((row.mean, row.scored) for row in rows),
        _mean((row.null, row.scored) for row in rows),
        max(bests, default=None),
        _mean((row.length, row.sides) for row in rows),
        sum(row.n or 0 for row in rows),
        sum(row.failed or 0 for row in rows),
        first.corpus,
    )


def _mean(parts: Iterable[tuple[float | None, int]]) -> float | None:
    kept = [(value, n) for value, n in parts if value is not None and n]
    return sum(value * n for value, n in kept) / sum(n for _, n in kept) if kept else None


def _runs(reader: Reader, model: str, wanted: set[str]) -> dict[str, dict[str, Any]]:
    rows = query("runs").run(reader, job=None, model=model).dicts()
    return {row["run"]: json.loads(row["summary"] or "{}") for row in rows if row["run"] in wanted}
