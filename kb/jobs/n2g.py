"""Opens the building of graphs; imports published ones; predicts a text with stored ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...queries.answers.graphs import Prediction, Predictions, neuron_graphs
from ...queries.result.record import Record
from ...queries.result.section import Section
from ...schema import ModelError, NeuronId
from ..inputs.corpora import corpus_of
from ..inputs.models import find_subject, located
from ..inputs.neurons import own_neurons
from ..inputs.reading import Reading
from ..load.report import LoadReport
from ..load.write import load_job
from ..place import Place
from ..session import Session
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.corpus.settings import Windows
    from ...ingest.n2g.job import N2GJob
    from ...ingest.n2g.settings import Settings
    from ..inputs.neurons import Given
    from ..kinds import Chosen


@dataclass(frozen=True, repr=False)
class GraphImport(Record):
    """What an import of published graphs read and wrote."""

    model: str
    summary: dict[str, Any]
    load: LoadReport

    @property
    def title(self) -> str:
        """What was read."""
        return f"{self.summary['neurons']:,} neurons of {self.model}, {self.summary['drawings']:,} drawings"

    def sections(self) -> tuple[Section, ...]:
        """What was left out and why, then what the load wrote."""
        skipped = [f"skipped {n:,}: {reason}" for reason, n in self.summary["skipped"].items()]
        return (Section.lines("Remarks", [*skipped, *self.summary["notes"]]), *self.load.sections())


def n2g_job(
    session: Session,
    model: str | Path,
    corpus: str | Path | Sequence[str | Path],
    name: str | None,
    layers: Sequence[int] | None,
    neurons: Given | None,
    reading: Reading,
    windows: Chosen[Windows],
    settings: Chosen[Settings],
) -> N2GJob:
    """The job of `kb.n2g.ingest`. The corpus is built before the model is loaded: a mistake in it shows at once."""
    from ...ingest.n2g.job import N2GJob
    from ...ingest.n2g.settings import Settings
    from ...ingest.subject.live import LiveModel
    from ...ingest.subject.subject import Subject

    if layers is not None and neurons is not None:
        raise ModelError("layers and neurons were both given; give one of them")
    store, place, progress = session.store, session.place, session.progress
    model, name = located(store, model, name)
    chosen = Settings.of(settings)
    subject = Subject.open(model, name)
    wanted = None if neurons is None else own_neurons(neurons, subject, str(model))
    texts = corpus_of(store, place, subject, corpus, windows, progress, reading)
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=chosen.dtype, device=chosen.device)
    return N2GJob.open(live, texts, place.passes, layers=layers, neurons=wanted, settings=chosen)


def import_graphs(session: Session, folder: Path, model: str | None, replace: bool, alongside: bool) -> GraphImport:
    """The work of `kb.n2g.import_`."""
    from ...ingest.n2g.published import read_folder
    from ...ingest.n2g.published_job import PublishedJob

    job = PublishedJob(read_folder(folder), model or folder.resolve().name)
    report = load_job(session, job, replace, alongside)
    return GraphImport(job.run.model, job.summary(), report)


def predict(store: Store, place: Place, neuron: str, text: str, run: str | None = None) -> Predictions:
    """What each of a neuron's graphs says of a text. Raises ModelError where none of them can predict."""
    from ...ingest.n2g.predict import predictor
    from ...ingest.n2g.tables import read_graph
    from ...ingest.subject.cutting import cut

    graphs = [card for card in neuron_graphs(store, neuron, run=run).graphs if not card.facts["lossy"]]
    if not graphs:
        raise ModelError(f"{neuron}: its graphs were read from drawings, which do not tell what they predict")
    named = NeuronId.parse(neuron)
    tokens = cut(find_subject(store, named.model).checkpoint.folder, text, place.tokenizers)
    predictions = []
    for card in graphs:
        facts = card.facts
        graph = read_graph(facts["algorithm"], card.nodes)
        values = predictor(graph, facts["base"] or 0.0).predict(tokens)
        predictions.append(
            Prediction(
                card.neuron,
                facts["run"],
                facts["pole"],
                tuple(tokens),
                tuple(values.tolist()),
                facts["maximum"],
                facts["corpus"],
            )
        )
    return Predictions(str(named), text, tuple(predictions))
