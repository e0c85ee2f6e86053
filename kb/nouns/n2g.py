"""kb.n2g: see its class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...ingest.chosen import Range
from ...ingest.corpus.settings import Windows
from ...ingest.n2g.settings import Settings
from ..inputs.reading import Reading
from ..kinds import (
    Alongside,
    Chosen,
    Corpus,
    Layers,
    Model,
    ModelName,
    Neuron,
    Neurons,
    OfModel,
    Out,
    Pole,
    Replace,
    RunId,
    StoredModel,
    Top,
)
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries import Result
    from ...queries.answers.graphs import NeuronGraphs, Predictions
    from ..jobs.n2g import GraphImport
    from ..load.report import LoadReport


class N2G(Noun):
    """Neuron-to-Graph: on what text each neuron fires, as a graph."""

    @verb(needs="weights", writes=True, begins=True)
    def ingest(
        self,
        model: Model,
        corpus: Corpus,
        *,
        name: ModelName = None,
        layers: Layers = None,
        neurons: Neurons = None,
        reading: Chosen[Reading] = None,
        windows: Chosen[Windows] = None,
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
        out: Out = None,
    ) -> LoadReport:
        """Build a graph of every neuron of a model, judge it on held-out documents, and load both.

        Each neuron is joined to those whose graphs are most like its own. An interrupted run goes on where it was.
        Needs the models extra. Raises IdError, ModelError, CorpusError.
        """
        from ..jobs.n2g import n2g_job
        from ..load.known_runs import bundle_for
        from ..load.write import load_job

        texts = Reading.of(reading)
        job = n2g_job(self.session, model, corpus, name, layers, neurons, texts, windows, settings)
        job.bundle = bundle_for(job, self.db, self.place, out)  # graphs of layers built before are compared too
        return load_job(self.session, job, replace, alongside, out, notes=lambda: texts.notes(job.corpus))

    @verb(writes=True, begins=True)
    def import_(
        self,
        folder: Annotated[Path, "Folder that the script wrote"],
        *,
        model: OfModel = None,
        replace: Replace = False,
        alongside: Alongside = False,
    ) -> GraphImport:
        """Load a folder that the published N2G script wrote: neuron_store.json, stats.json, the neurons' drawings.

        The model is the folder's name unless given. Its weights are not known, so the run is marked unverified.
        Drawings do not tell wildcards and predicted values: such graphs are marked lossy and predict nothing. Raises
        PublishedError.
        """
        from ..jobs.n2g import import_graphs

        return import_graphs(self.session, folder, model, replace, alongside)

    @verb(agent=True)
    def show(
        self,
        neuron: Neuron,
        *,
        run: RunId = None,
        pole: Pole = None,
        paths: Annotated[int, Range(1), "Paths of each graph that are shown"] = 20,
        nodes: Annotated[int, Range(1), "Nodes of its drawing"] = 40,
    ) -> NeuronGraphs:
        """A neuron's graphs: scores, and the paths on which it fires, the firing token last. Raises ModelError."""
        from ...queries.answers.graphs import neuron_graphs

        return neuron_graphs(self.db, neuron, run=run, pole=pole, paths=paths, nodes=nodes)

    @verb(needs="weights")
    def predict(self, neuron: Neuron, text: Annotated[str, "The text"], *, run: RunId = None) -> Predictions:
        """What a neuron's graphs say of a text, token by token, as shares of the neuron's maximum.

        Needs the models extra. Raises ModelError.
        """
        from ..jobs.n2g import predict

        return predict(self.db, self.place, neuron, text, run)

    @verb()
    def report(self, model: StoredModel, *, run: RunId = None) -> Result:
        """Mean scores of a model's graphs by layer, beside token, 5-gram and back-off lookup from the same windows."""
        from ...queries.answers.graphs import graph_report

        return graph_report(self.db, model, run)

    @verb()
    def find(
        self,
        activates_on: Annotated[str | None, "A word that the graph fires on"] = None,
        context: Annotated[str | None, "A word that it needs before that"] = None,
        *,
        exact: Annotated[bool, "Only tokens with exactly this text, spaces included"] = False,
        model: OfModel = None,
        run: RunId = None,
        top: Top = 20,
    ) -> Result:
        """Neurons whose graph fires on a word, needs a word as context, or both. Raises QueryError without a word."""
        from ...queries.answers.graphs import by_graph

        return by_graph(self.db, activates_on, context, exact=exact, model=model, run=run, top=top)
