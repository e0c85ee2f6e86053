"""Opens the store and its models at a glance: counts are kept, and made anew where they are out of date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from ...queries.answers.coverage import Coverage, LayerCoverage, count_layers, gaps, noted
from ...queries.answers.ends import Concept
from ...queries.answers.find import concepts
from ...queries.answers.glance import glance
from ...queries.answers.model_report import LayerGlance, ModelReport, concept_of, relatives, report_links
from ...queries.answers.named import find_model
from ...queries.answers.overview import FineTune, Overview, fine_tunes, latest_runs, overview_of
from ..session import Session
from . import summaries
from .summaries import Content, State

SHOWN = 50
"""Runs of a model that its report lists."""


def overview(session: Session) -> Overview:
    """The work of `kb.models.overview`."""
    present = summaries.state(session.store)
    covered = coverage(session, present, present.keys)
    tuned = fine_tunes(session.store)
    lacking = [gap for each in covered.values() for gap in gaps(each, _pair(each.model, tuned))]
    return overview_of(session.store, covered, lacking, present.runs)


def show(session: Session, model: str) -> ModelReport:
    """The work of `kb.models.show`."""
    store = session.store
    facts = find_model(store, model)
    present = summaries.state(store)
    covered = coverage(session, present, [model])[model]
    layers, named, made = _glances(session, present, covered)
    return ModelReport(
        model,
        {name: value for name, value in facts.items() if name not in ("model", "bases")},
        layers,
        relatives(model, fine_tunes(store)),
        named,
        report_links(covered),
        latest_runs(store, model, SHOWN),
        min(covered.as_of, made),
    )


def coverage(session: Session, present: State, models: Iterable[str]) -> dict[str, Coverage]:
    """What is known of each model, by layer; findings as they are now."""
    store = session.store

    def count(model: str) -> Content:
        return {"layers": [asdict(layer) for layer in count_layers(store, model)]}

    held = summaries.kept(session, "coverage", models, present, count, _coverage)
    notes = noted(store) if held else {}
    return {model: _with_notes(each, notes) for model, each in held.items()}


def _coverage(model: str, made: str, content: Content) -> Coverage:
    return Coverage(model, made, tuple(LayerCoverage(**row) for row in content["layers"]))


def _with_notes(covered: Coverage, notes: dict[tuple[str, int], int]) -> Coverage:
    layers = (replace(row, noted=notes.get((covered.model, row.layer), 0)) for row in covered.layers)
    return replace(covered, layers=tuple(layers))


def _pair(model: str, tuned: Sequence[FineTune]) -> tuple[str, str] | None:
    """The base and the fine-tune that a model is one of, by its first link."""
    return next(((pair.base, pair.model) for pair in tuned if model in (pair.base, pair.model)), None)


def _glances(
    session: Session, present: State, covered: Coverage
) -> tuple[tuple[LayerGlance, ...], tuple[Concept, ...], str]:
    """The layers, the concepts that neurons name, and when both were worked out."""
    store, name = session.store, covered.model
    aged = sorted(present.runs, key=lambda run: (run["started"] or "", run["run"]))

    def count(model: str) -> Content:
        found = glance(store, model, [run["run"] for run in aged])
        decoded = any(row.decoded for row in covered.layers)
        named = concepts(store, model=model).concepts if decoded else ()
        return {
            "layers": {str(layer): numbers for layer, numbers in found.items()},
            "concepts": [asdict(concept) for concept in named if concept.ends],
        }

    def read(model: str, made: str, content: Content) -> tuple[tuple[LayerGlance, ...], tuple[Concept, ...], str]:
        layers = tuple(_glance(row, content["layers"].get(str(row.layer), {})) for row in covered.layers)
        return layers, tuple(map(concept_of, content["concepts"])), made

    return summaries.kept(session, "layers", [name], present, count, read)[name]


def _glance(row: LayerCoverage, numbers: dict[str, Any]) -> LayerGlance:
    return LayerGlance(row.layer, row.neurons, row.lined, **numbers)
