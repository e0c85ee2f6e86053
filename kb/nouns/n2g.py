"""N2G graphs in a knowledge base: building, importing, reading back and predicting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...ingest.job import Progress
from ...queries.answers.graphs import graph_nodes, graphs
from ...queries.answers.neuron import known_neuron
from ...queries.catalogue.corpora import corpora
from ...schema import ModelError, NeuronId
from ..inputs.corpora import Reading, corpus_of
from ..inputs.models import find_subject
from ..inputs.neurons import Given, own_neurons
from ..load.known_runs import bundle_for
from ..load.loader import LoadReport
from ..load.runs import Clash
from ..load.write import write_and_load
from ..place import Place
from ..stores.base import Store

if TYPE_CHECKING:
    from ...ingest.n2g.job import N2GJob


@dataclass(frozen=True)
class GraphCard:
    """One graph of one neuron."""

    neuron: str
    facts: dict[str, Any]
    """run, what its corpus is called, pole, algorithm, status and scores"""
    nodes: tuple[dict[str, Any], ...]
    """with `parent`, the id of the node one token nearer to the firing token"""


@dataclass(frozen=True)
class Prediction:
    """What a graph says of a text."""

    neuron: str
    run: str
    pole: int
    tokens: tuple[str, ...]
    values: tuple[float, ...]
    """predicted activation at each token, as a share of `maximum`"""
    maximum: float
    """largest pole x hidden value in the building texts"""
    corpus: str | None = None
    """what these texts are called"""


@dataclass(frozen=True)
class GraphImport:
    """What an import of published graphs read and wrote."""

    summary: dict[str, Any]
    load: LoadReport


def n2g_job(
    store: Store,
    place: Place,
    model: str | Path,
    sources: Sequence[str | Path],
    name: str | None,
    layers: Sequence[int] | None,
    neurons: Given | None,
    reading: Reading,
    windows: dict[str, Any],
    settings: dict[str, Any],
    progress: Progress,
) -> N2GJob:
    """The job of `KnowledgeBase.ingest_n2g`."""
    from ...ingest.n2g.job import N2GJob
    from ...ingest.n2g.settings import Settings
    from ...ingest.subject.live import LiveModel
    from ...ingest.subject.subject import Subject

    chosen = Settings.of(settings)
    subject = Subject.open(model, name)
    wanted = None if neurons is None else own_neurons(neurons, subject, str(model))
    corpus = corpus_of(store, place, subject, sources, windows, progress, reading)
    subject.checkpoint.weights_hash(lambda done, total: progress("hashing weights (MiB)", done >> 20, total >> 20))
    live = LiveModel.load(subject, dtype=chosen.dtype, device=chosen.device)
    work = place.passes
    return N2GJob.open(live, corpus, work, layers=layers, neurons=wanted, settings=chosen)


def import_graphs(
    store: Store, place: Place, folder: Path, model: str | None, clash: Clash, progress: Progress
) -> GraphImport:
    """The work of `KnowledgeBase.import_n2g`; the model is the folder's name unless given."""
    from ...ingest.n2g.published import read_folder
    from ...ingest.n2g.published_job import PublishedJob

    job = PublishedJob(read_folder(folder), model or folder.resolve().name)
    report = write_and_load(job, store, bundle_for(job, store, place), clash=clash, progress=progress)
    return GraphImport(job.summary(), report)


def graph_cards(store: Store, neuron: NeuronId, run: str | None = None) -> list[GraphCard]:
    """A neuron's graphs. Raises ModelError where the store has none, QueryError where it has no such neuron."""
    found = [facts for facts in graphs(store, str(neuron)) if run in (None, facts["run"])]
    if not found:
        known_neuron(store, neuron)
        raise ModelError(f"{neuron} has no N2G graph in the store; neuronkb ingest n2g makes one")
    called = corpora(store)
    return [
        GraphCard(str(neuron), {**facts, "corpus": called.get(facts["run"])}, tuple(graph_nodes(store, facts["graph"])))
        for facts in found
    ]


def predict(store: Store, place: Place, neuron: NeuronId, text: str, run: str | None = None) -> list[Prediction]:
    """What each of a neuron's graphs says of a text. Raises ModelError where none of them can predict."""
    from ...ingest.n2g.predict import predictor
    from ...ingest.n2g.tables import read_graph
    from ...ingest.subject.cutting import cut

    cards = [card for card in graph_cards(store, neuron, run) if not card.facts["lossy"]]
    if not cards:
        raise ModelError(f"{neuron}: its graphs were read from drawings, which do not tell what they predict")
    kept = place.tokenizers
    tokens = cut(find_subject(store, neuron.model).checkpoint.folder, text, kept)
    made = []
    for card in cards:
        graph = read_graph(card.facts["algorithm"], card.nodes)
        values = predictor(graph, card.facts["base"] or 0.0).predict(tokens)
        facts = card.facts
        made.append(
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
    return made
