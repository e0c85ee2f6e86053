"""Explanations in a knowledge base: written, scored, shown and reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.job import Progress, silent
from ...queries.answers.explanations import (
    ExplanationReport,
    ExplanationView,
    explanation,
    explanation_report,
    explanations,
)
from ...queries.answers.neuron import known_neuron
from ...queries.catalogue.corpora import rests_on
from ...schema import IdError, ModelError, NeuronId, QueryError
from ..inputs.clients import open_client
from ..inputs.evidence import StoredEvidence
from ..inputs.models import find_subject
from ..inputs.neurons import Given, own_neurons
from ..load.known_runs import bundle_for
from ..load.loader import LoadReport
from ..load.runs import Clash
from ..load.write import write_and_load
from ..place import Place
from ..stores.base import Store
from .embed import embed_with

if TYPE_CHECKING:
    from ...ingest.embedding.embedder import Embedder
    from ...ingest.explain.job import ExplanationsJob
    from ...ingest.explain.simulators.choice import Way
    from ...ingest.explain.work import Asking


class Explanations:
    """What a knowledge base says of neurons in words, and what that is worth: `KnowledgeBase.explanations`."""

    def __init__(self, store: Store, place: Place) -> None:
        self.store = store
        self.place = place

    def ingest(
        self,
        model: str | Path,
        *,
        explainer: str | Path,
        simulator: str | Path | None = None,
        base_url: str | None = None,
        way: Way = "auto",
        neurons: Given | None = None,
        embedder: str | Path | None = None,
        prices: tuple[float, float] | None = None,
        budget: float | None = None,
        settings: Mapping[str, Any] | None = None,
        clash: Clash = "refuse",
        out: Path | None = None,
        progress: Progress = silent,
        loaded: Callable[[str], None] | None = None,
    ) -> LoadReport:
        """Explain neurons of a model, score the explanations, and load both some neurons at a time.

        `model` is a folder, a hub id or a model of the store, with a corpus pass there; its decoding and N2G graphs
        are used where they are. `explainer` and `simulator` (the explainer unless given) are folders or hub ids of
        local models, or model names of the server at `base_url`. `neurons` are ids or a file with one a line, all
        unless given; `way` one of the simulators; `prices` of a million prompt and completion tokens, `budget` what
        each of the two models may cost at most; `settings` those of `ingest.explain.settings`. Answers are kept: an
        interrupted run asks nothing twice. Raises ModelError, LanguageModelError.
        """
        from ...ingest.embedding.embedder import Embedder

        with ExitStack() as opened:
            job = explanations_job(
                self.store,
                self.place,
                model,
                explainer,
                simulator,
                base_url,
                way,
                neurons,
                embedder,
                prices,
                budget,
                dict(settings or {}),
                progress,
                opened,
            )
            folder = bundle_for(job, self.store, self.place, out)
            report = write_and_load(job, self.store, folder, clash=clash, progress=progress, loaded=loaded)
            if isinstance(job.asking.embedder, Embedder):
                embed_with(self.store, job.asking.embedder, progress)
        return replace(report, notes=rests_on(self.store, job.run.model, job.run.derived_from))

    def show(self, name: str) -> tuple[ExplanationView, ...]:
        """The explanations of a neuron or latent, or one explanation by the beginning of its id, with all scores.

        Raises QueryError where there is none.
        """
        neuron = None
        with suppress(IdError):
            neuron = NeuronId.parse(name)
        unit = str(neuron or name)
        found = explanations(self.store, unit)
        if found or unit != name or "/" in name:
            if not found:
                if neuron is not None:
                    known_neuron(self.store, neuron)
                raise QueryError(f"{unit} has no explanation in the store; neuronkb ingest explanations makes some")
            return found
        return explanation(self.store, name)

    def report(self, model: str, *, run: str | None = None) -> ExplanationReport:
        """How good a model's explanations are by layer: sentences beside graphs, token tables and decoded tokens."""
        return explanation_report(self.store, model, run)


def explanations_job(
    store: Store,
    place: Place,
    model: str | Path,
    explainer: str | Path,
    simulator: str | Path | None,
    base_url: str | None,
    way: Way,
    neurons: Given | None,
    embedder: str | Path | None,
    prices: tuple[float, float] | None,
    budget: float | None,
    settings: dict[str, Any],
    progress: Progress,
    opened: ExitStack,
) -> ExplanationsJob:
    """The job of `Explanations.ingest`; `opened` closes what it asks. What can be refused is refused before a model is
    loaded."""
    from ...ingest.explain.job import ExplanationsJob
    from ...ingest.explain.settings import Settings
    from ...ingest.subject.live import LiveModel

    chosen = Settings.of(settings)
    subject = find_subject(store, model)
    wanted = None if neurons is None else own_neurons(neurons, subject, str(model))
    evidence = StoredEvidence(store, place, subject)
    work = place.folder
    progress("loading models", 0, 2)
    asking = _asking(
        chosen.style, explainer, simulator, base_url, way, embedder, prices, budget, work / "answers.sqlite", opened
    )
    progress("loading models", 1, 2)
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=evidence.dtype, device=chosen.device)
    progress("loading models", 2, 2)
    return ExplanationsJob.open(
        live,
        evidence.corpus,
        evidence,
        asking,
        work / "unfinished-passes",
        neurons=wanted,
        derived_from=evidence.runs,
        settings=chosen,
    )


def _asking(
    style: str,
    explainer: str | Path,
    simulator: str | Path | None,
    base_url: str | None,
    way: Way,
    embedder: str | Path | None,
    prices: tuple[float, float] | None,
    budget: float | None,
    answers: Path,
    opened: ExitStack,
) -> Asking:
    from ...ingest.explain.simulators.choice import simulator as simulator_of
    from ...ingest.explain.work import Asking

    writer, chats = open_client(explainer, base_url, answers, prices=prices, budget=budget)
    opened.callback(writer.close)
    judge, turns = writer, chats
    if simulator is not None and str(simulator) != str(explainer):
        judge, turns = open_client(simulator, base_url, answers, prices=prices, budget=budget)
        opened.callback(judge.close)
    base, judge_base = (style == "base" or (style == "auto" and not one) for one in (chats, turns))
    found = simulator_of(judge, way, chat=turns)
    return Asking(writer, found, judge, base, judge_base, _embedder(embedder))


def _embedder(model: str | Path | None) -> Embedder | None:
    """The one that is named, else the packaged one where it is installed."""
    from ...ingest.embedding.embedder import Embedder

    try:
        return Embedder.open(model)
    except ModelError:
        if model is not None:
            raise
        return None
