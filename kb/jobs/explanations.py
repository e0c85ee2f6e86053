"""Opens the writing and scoring of explanations."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...queries.answers.explanation_report import ExplanationReport, scored_explanations
from ...queries.catalogue.corpora import rests_on
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import ModelError
from ..inputs.clients import open_client
from ..inputs.evidence import StoredEvidence
from ..inputs.models import find_subject
from ..inputs.neurons import Given, own_neurons
from ..load.report import LoadReport
from ..load.write import load_job
from ..session import Session
from .embed import embed_with

if TYPE_CHECKING:
    from ...ingest.embedding.embedder import Embedder
    from ...ingest.explain.job import ExplanationsJob
    from ...ingest.explain.settings import Settings
    from ...ingest.explain.simulators.choice import Way
    from ...ingest.explain.work import Asking
    from ..kinds import Chosen


@dataclass(frozen=True, repr=False)
class ExplanationLoad(Record):
    """What a load of explanations wrote, and how good they are."""

    load: LoadReport
    report: ExplanationReport
    """of this run alone"""

    @property
    def title(self) -> str:
        """The run."""
        return self.load.title

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the load left out."""
        return self.load.warnings

    def sections(self) -> tuple[Section, ...]:
        """The load, then the scores."""
        return (*self.load.sections(), *self.report.sections())


def explain(
    session: Session,
    model: str | Path,
    models: tuple[str | Path, str | Path | None],
    base_url: str | None,
    way: Way,
    neurons: Given | None,
    embedder: str | Path | None,
    costs: tuple[Sequence[float] | None, float | None],
    settings: Chosen[Settings],
    replaces: bool,
    alongside: bool,
    out: Path | None,
) -> ExplanationLoad:
    """The work of `kb.explanations.ingest`; `models` write and simulate, `costs` are prices and budget."""
    from ...ingest.embedding.embedder import Embedder

    store = session.store
    with ExitStack() as opened:
        job = explanations_job(session, model, models, base_url, way, neurons, embedder, costs, settings, opened)
        report = load_job(
            session,
            job,
            replaces,
            alongside,
            out,
            notes=lambda: rests_on(store, job.run.model, job.run.derived_from),
        )
        if isinstance(job.asking.embedder, Embedder):
            embed_with(store, job.asking.embedder, session.progress)
    return ExplanationLoad(report, scored_explanations(store, job.run.model, report.run))


def explanations_job(
    session: Session,
    model: str | Path,
    models: tuple[str | Path, str | Path | None],
    base_url: str | None,
    way: Way,
    neurons: Given | None,
    embedder: str | Path | None,
    costs: tuple[Sequence[float] | None, float | None],
    settings: Chosen[Settings],
    opened: ExitStack,
) -> ExplanationsJob:
    """The job of `explain`; `opened` closes what it asks. What can be refused is refused before a model is loaded."""
    from ...ingest.explain.job import ExplanationsJob
    from ...ingest.explain.settings import Settings
    from ...ingest.subject.live import LiveModel

    store, place, progress = session.store, session.place, session.progress
    prices = _prices(costs[0])
    chosen = Settings.of(settings)
    subject = find_subject(store, model)
    wanted = None if neurons is None else own_neurons(neurons, subject, str(model))
    evidence = StoredEvidence(store, place, subject)
    work = place.folder
    progress("loading models", 0, 2)
    asking = _asking(chosen.style, *models, base_url, way, embedder, prices, costs[1], work / "answers.sqlite", opened)
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


def _prices(given: Sequence[float] | None) -> tuple[float, float] | None:
    """Of a million prompt and of a million completion tokens. Raises ModelError."""
    if given is None:
        return None
    if len(given) != 2:
        raise ModelError(f"prices are {list(given)!r}, expected two: of a million prompt and of completion tokens")
    return given[0], given[1]


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
