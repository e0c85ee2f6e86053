"""Some neurons of a layer explained and scored: candidates, choice, scores, each beside another neuron's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..llm.client import Client
from ..progress import Progress
from .ablate import Ablated
from .calibrate import Linear
from .correlate import Predictions, correlation_scores
from .explainer import Explainer
from .judge import Example, Judge, Verdicts, examples, judged_scores
from .known import Known, TokenMeans
from .material import Floats, Material, truth
from .meaning import Embeds, embedding_score
from .predictors import predictors
from .records import Explanation, Score, Scorer, Unit
from .scoring import Ranked, partners, predicting_records, rank, simulate, text_records
from .settings import Settings
from .simulators.simulator import Simulator
from .tally import Tally

Ablate = Callable[[Material, Sequence[Sequence[Floats]]], list[Ablated]]
"""Told a side and simulations of its reporting windows, one result for each simulation."""

JUDGED: tuple[Scorer, ...] = ("detection", "fuzzing")


@dataclass(frozen=True)
class Asking:
    """Who is asked."""

    explainer: Client
    simulator: Simulator
    judge: Client
    base: bool
    """whether the explainer only continues text"""
    judge_base: bool
    embedder: Embeds | None = None

    @property
    def clients(self) -> dict[str, Client]:
        """The models; one that does both stands once."""
        return {"explainer": self.explainer} | ({} if self.judge is self.explainer else {"simulator": self.judge})

    @property
    def identity(self) -> dict[str, Any]:
        """What of it determines results."""
        return {
            "explainer": self.explainer.fingerprint,
            "simulator": self.simulator.id,
            "judge": self.judge.fingerprint,
            "styles": ["base" if one else "instruct" for one in (self.base, self.judge_base)],
            "embedder": None if self.embedder is None else self.embedder.id,
        }


@dataclass(frozen=True)
class Part:
    """Sides of one layer; all lists in the same order."""

    units: Sequence[Unit]
    known: Sequence[Known]
    materials: Sequence[Material]
    means: Sequence[TokenMeans | None]


def explain_part(
    part: Part, asking: Asking, settings: Settings, ablate: Ablate, progress: Progress
) -> tuple[list[Explanation], Tally]:
    """All explanations of the sides, of every kind, with their scores; and what went wrong."""
    alive = [i for i, material in enumerate(part.materials) if not material.dead]
    tally = Tally(sides=len(part.units), dead=len(part.units) - len(alive))
    units = [part.units[i] for i in alive]
    known, materials = [part.known[i] for i in alive], [part.materials[i] for i in alive]
    made = [predictors(one, part.means[i]) for i, one in zip(alive, known, strict=True)]
    records = predicting_records(units, materials, made, settings.seed)
    explainer = Explainer(asking.explainer, settings, asking.base)
    failed = Counter(asking.simulator.failures)
    candidates = explainer.explain(known, lambda done, total: progress("writing explanations", done, total))
    ranked = rank(asking.simulator, materials, candidates)
    scores = _Scoring(materials, [found[0] if found else None for found in ranked], asking, settings, tally)
    reported = scores.all(ablate, progress)
    for unit, material, found, own in zip(units, materials, ranked, reported, strict=True):
        name = asking.simulator.id
        records += text_records(unit, material, found, asking.explainer.id, name, settings.seed, own)
    tally.explanations = sum(map(len, ranked))
    tally.unexplained = sum(not found for found in ranked)
    tally.asked = explainer.asked
    tally.fail("explainer", explainer.failures)
    tally.fail("simulator", _more(asking.simulator.failures, failed))
    return _embedded(records, asking.embedder), tally


@dataclass
class _Scoring:
    """The chosen explanation of each side, scored beside another neuron's."""

    materials: Sequence[Material]
    chosen: Sequence[Ranked | None]
    asking: Asking
    settings: Settings
    tally: Tally

    def __post_init__(self) -> None:
        places = [(m.target.layer, m.target.index) for m in self.materials]
        has = [i for i, one in enumerate(self.chosen) if one is not None]
        among = partners([places[i] for i in has])
        self.texts = [None if one is None else one.candidate.text for one in self.chosen]
        self.others: list[str | None] = [None] * len(self.chosen)
        for i, other in zip(has, among, strict=True):
            self.others[i] = None if other is None else self.texts[has[other]]

    def all(self, ablate: Ablate, progress: Progress) -> list[list[Score]]:
        """The scores of each side's chosen explanation."""
        found: list[list[Score]] = [[] for _ in self.materials]
        wanted = self.settings.scores
        if "correlation" in wanted or "ablation" in wanted:
            self._simulated(found, ablate, progress)
        for scorer in JUDGED:
            if scorer in wanted:
                self._judged(scorer, found, progress)
        if "embedding" in wanted and self.asking.embedder is not None:
            self._meant(found, self.asking.embedder)
        return found

    def _simulated(self, found: list[list[Score]], ablate: Ablate, progress: Progress) -> None:
        simulator, seed = self.asking.simulator, self.settings.seed
        progress("simulating", 0, 2)
        own = simulate(simulator, self.materials, self.texts, choosing=False)
        progress("simulating", 1, 2)
        # The nulls of calibrated scores need as many questions again: only where ablation needs them too.
        null = simulate(simulator, self.materials, self.others, choosing="ablation" in self.settings.scores)
        progress("simulating", 2, 2)
        for i, material in enumerate(self.materials):
            mine, chosen = own[i], self.chosen[i]
            if mine is None or chosen is None:
                continue
            whole = Predictions(chosen.predicted, mine.report)
            if "correlation" in self.settings.scores:
                found[i] += correlation_scores(material, whole, null[i], simulator.id, seed)
            if "ablation" in self.settings.scores and self.settings.ablate:
                progress("ablating", i + 1, len(self.materials))
                found[i].append(_ablation_score(material, whole, null[i], ablate, simulator.id, seed))

    def _judged(self, scorer: Scorer, found: list[list[Score]], progress: Progress) -> None:
        judge = Judge(self.asking.judge, self.settings, self.asking.judge_base)
        places = [i for i, text in enumerate(self.texts) if text is not None]
        shown = {i: examples(scorer, self.materials[i], self.settings) for i in places}
        progress(f"scoring by {scorer}", 0, 2)
        own = _verdicts(judge, scorer, self.texts, shown)
        progress(f"scoring by {scorer}", 1, 2)
        null = _verdicts(judge, scorer, self.others, shown)
        progress(f"scoring by {scorer}", 2, 2)
        for i, mine in own.items():
            pole = self.materials[i].target.pole
            found[i] += judged_scores(scorer, mine, null.get(i), judge.id, self.settings.seed, pole)
        self.tally.fail(scorer, judge.failures)

    def _meant(self, found: list[list[Score]], embedder: Embeds) -> None:
        for i, material in enumerate(self.materials):
            text, shown = self.texts[i], examples("detection", material, self.settings)
            if text is not None and shown:
                pole = material.target.pole
                found[i].append(embedding_score(embedder, text, self.others[i], shown, self.settings.seed, pole))


def _verdicts(
    judge: Judge, scorer: Scorer, texts: Sequence[str | None], shown: Mapping[int, Sequence[Example]]
) -> dict[int, Verdicts]:
    """By side, of those that have a text and examples."""
    asked = [(i, text, some) for i, some in shown.items() if (text := texts[i]) is not None and some]
    answers = judge.judge(scorer, [(text, some) for _, text, some in asked])
    return {i: answer for (i, _, _), answer in zip(asked, answers, strict=True)}


def _ablation_score(
    material: Material, own: Predictions, null: Predictions | None, ablate: Ablate, simulator: str, seed: int
) -> Score:
    """Simulations are brought to the neuron's scale by the line fitted on the choosing windows."""
    fitted = []
    for one in (own, null):
        if one is None:
            continue
        line = _line(material, one)
        fitted.append([np.where(np.isfinite(values), line(values), material.mean) for values in one.report])
    results = ablate(material, fitted)
    value = results[0].score
    return Score(
        "ablation",
        "js-ablation",
        value,
        results[1].score if len(results) > 1 else None,
        results[0].n,
        0 if value is not None else results[0].n,
        "top-and-random",
        simulator,
        seed,
        pole=material.target.pole,
    )


def _line(material: Material, found: Predictions) -> Linear:
    """From predictions to activations; as they are where no window was there to fit on."""
    if not found.choose:
        return Linear(0.0, 1.0)
    said = np.concatenate(list(found.choose))
    known = np.isfinite(said)
    fitted = truth(material.top_and_random("choose"))[known], said[known]
    return Linear.fit(*fitted) if known.any() else Linear(material.mean, 0.0)


def _embedded(records: list[Explanation], embedder: Embeds | None) -> list[Explanation]:
    """With the embeddings of the sentences."""
    if embedder is None:
        return records
    places = [i for i, record in enumerate(records) if record.kind == "text"]
    if not places:
        return records
    for i, vector in zip(places, embedder.embed([records[i].text for i in places]), strict=True):
        records[i] = replace(records[i], embedding=tuple(map(float, vector)), embedder=embedder.id)
    return records


def _more(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    return {reason: n - before.get(reason, 0) for reason, n in now.items() if n > before.get(reason, 0)}
