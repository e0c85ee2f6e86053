"""What a match needs of a knowledge base: the two models' files, their decoded tokens, a text for both."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.bundle import Bundle
from ...ingest.progress import Progress
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import BundleError, LinkError, MlpId
from ..inputs.corpora import shared_text
from ..inputs.models import find_subject
from ..inputs.reading import Reading
from ..inputs.tails import left_out
from ..load.known_runs import bundle_for
from ..load.report import LoadReport
from ..load.write import clash_of, write_and_load
from ..place import Place
from ..session import Session
from ..stores.base import Store
from .links import DecodedRows, decoded_alike

if TYPE_CHECKING:
    from ...ingest.similar.aligned import SharedText
    from ...ingest.similar.job import MatchJob
    from ...ingest.similar.measure import Measure
    from ...ingest.similar.settings import Settings
    from ...ingest.subject.subject import Subject
    from ..kinds import Chosen


HEADS = {
    "neurons": "neurons",
    "best score": "score",
    "null": "null",
    "claimed": "claimed",
    "above all controls": "above_all",
    "mutual": "mutual",
    "same index": "same_index",
    "excess > .5": "universal",
}
"""Heads of what a match found of a layer."""
SHARES = ("mutual", "same_index", "universal")
"""Those of them that are shares of its neurons."""


@dataclass(frozen=True, repr=False)
class MatchReport(Record):
    """What a match found, by layer of the first model and over all."""

    load: LoadReport
    model: str
    other: str
    by: str
    whole: Mapping[str, Any]
    """mean best score and control, claims, mutual best matches, same-index counterparts"""
    layers: tuple[Mapping[str, Any], ...]

    @property
    def title(self) -> str:
        """The two models and the measure."""
        return f"{self.model} and {self.other} by {self.by}"

    @property
    def lead(self) -> str:
        """The run."""
        return self.load.title

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of the load."""
        return self.load.warnings

    def sections(self) -> tuple[Section, ...]:
        """What was found by layer and over all, then what the load wrote."""
        parts = [(str(layer["layer"]), layer) for layer in self.layers]
        parts += [("all", self.whole)] if self.whole else []
        rows = [(name, *(_number(part, key) for key in HEADS.values())) for name, part in parts]
        return (Section.table("Nearest neurons by layer", ("layer", *HEADS), rows), *self.load.sections())


def _number(part: Mapping[str, Any], name: str) -> Any:
    value = part.get(name)
    return f"{value:.1%}" if name in SHARES and value is not None else value


@dataclass(frozen=True)
class Compared:
    """A measure between two models, and what else its results depend on."""

    measure: Measure
    inputs: Mapping[str, Any]
    derived: tuple[str, ...] = ()
    text: SharedText | None = None


def match_models(
    session: Session,
    model: str | Path,
    other: str | Path,
    corpus: str | Path | Sequence[str | Path],
    reading: Reading,
    settings: Chosen[Settings],
    replaces: bool = False,
    alongside: bool = False,
) -> MatchReport:
    """The work of `kb.similar.match`."""
    from ...ingest.similar.settings import Settings

    store, place, progress = session.store, session.place, session.progress
    sources = [corpus] if isinstance(corpus, str | Path) else list(corpus)
    chosen, clash = Settings.of(settings), clash_of(replaces, alongside)
    one, two = find_subject(store, model), find_subject(store, other)
    if one.name == two.name and one.weights != two.weights:
        raise LinkError(f"two models are called {one.name!r}; add one under another name first (lm-head ingest --name)")
    work = place.folder
    compared = compare(store, place, one, two, chosen, sources, reading)
    state = work / "matches"
    job = _job(one, two, compared, chosen, state)
    text = state / job.run.id
    folder = bundle_for(job, store, place)
    if compared.text is not None and not _finished(folder):
        _capture(job, compared.text, text, progress)
    found = write_and_load(job, store, folder, clash=clash, progress=progress)
    if compared.text is not None:
        found = replace(found, notes=left_out(compared.text.tails, reading.tails))
    shutil.rmtree(text, ignore_errors=True)
    summary = job.summary()
    return MatchReport(found, one.name, two.name, chosen.by, summary.get("all", {}), tuple(summary["layers"]))


def compare(
    store: Store,
    place: Place,
    one: Subject,
    two: Subject,
    chosen: Settings,
    corpus: Sequence[str | Path] = (),
    reading: Reading | None = None,
) -> Compared:
    """The measure that is asked for. Raises LinkError where the two models cannot be compared by it."""
    from ...ingest.lm_head.unembedding import torch_device
    from ...ingest.similar.vocabulary import VocabularyProfiles
    from ...ingest.similar.weights import WeightRows

    device = torch_device(chosen.device)
    if chosen.by == "tokens":
        return _tokens(store, place, one, two, chosen)
    if chosen.by == "activation":
        return _activation(store, place, one, two, chosen, corpus, reading or Reading())
    kind = WeightRows if chosen.by == "weights" else VocabularyProfiles
    return Compared(kind.of(one, two, device, chosen.seed), {})


def _tokens(store: Store, place: Place, one: Subject, two: Subject, chosen: Settings) -> Compared:
    from ...ingest.links.decoded import Tops, tops
    from ...ingest.lm_head.unembedding import torch_device
    from ...ingest.similar.measure import matched_model
    from ...ingest.similar.shared import tokens_in_common
    from ...ingest.similar.tokens import TokenOverlap

    shared = tokens_in_common(one, two)
    runs = [run["run"] for run in decoded_alike(store, one.name, two.name)]
    sides = matched_model(one), matched_model(two)
    rows = [DecodedRows(store, place, side.model) for side in sides]

    def first(layer: int) -> Tops:
        return tops(rows[0](runs[0], MlpId(layer), sides[0].width), sides[0].width, f"layer {layer} of {one.name}")

    def second(layer: int) -> Tops:
        return tops(rows[1](runs[1], MlpId(layer), sides[1].width), sides[1].width, f"layer {layer} of {two.name}")

    device = torch_device(chosen.device)
    measure = TokenOverlap(*sides, device, first=first, second=second, tokens=shared, seed=chosen.seed)
    return Compared(measure, {"runs": runs}, tuple(dict.fromkeys(runs)))


def _activation(
    store: Store,
    place: Place,
    one: Subject,
    two: Subject,
    chosen: Settings,
    corpus: Sequence[str | Path],
    reading: Reading,
) -> Compared:
    from ...ingest.lm_head.unembedding import torch_device
    from ...ingest.similar.activation import Activations
    from ...ingest.similar.measure import matched_model

    if not corpus:
        raise LinkError("activations are compared on a text; give one with --corpus FILE")
    if one.name == two.name:
        raise LinkError("a match by activation is between two models; one model's own neurons are not compared yet")
    text = shared_text(store, place, (one, two), corpus, reading, chosen.positions)
    # Where the captured values lie is settled with the run's name.
    nowhere = place.folder
    device = torch_device(chosen.device)
    measure = Activations(
        matched_model(one), matched_model(two), device, first=nowhere, second=nowhere, seed=chosen.seed
    )
    return Compared(measure, {"text": text.hash, "positions": text.positions}, text=text)


def _job(one: Subject, two: Subject, compared: Compared, chosen: Settings, state: Path) -> MatchJob:
    from ...ingest.similar.activation import Activations
    from ...ingest.similar.job import MatchJob

    job = MatchJob(one, two, compared.measure, chosen, state / "match", dict(compared.inputs), compared.derived)
    job.corpus_name = None if compared.text is None else compared.text.name
    job.state = state / f"{job.run.id}.safetensors"
    if isinstance(compared.measure, Activations):
        compared.measure.first, compared.measure.second = (state / job.run.id / name for name in ("one", "two"))
    return job


def _capture(job: MatchJob, text: SharedText, folder: Path, progress: Progress) -> None:
    from ...ingest.similar.captured import capture
    from ...ingest.subject.live import LiveModel

    for side, (subject, name) in enumerate(((job.one, "one"), (job.two, "two"))):
        live = LiveModel.load(subject, dtype="float32", device=job.settings.device)
        capture(live, text, side, folder / name, progress)


def _finished(folder: Path) -> bool:
    try:
        return folder.is_dir() and Bundle.open(folder).run.ended is not None
    except BundleError:
        return False
