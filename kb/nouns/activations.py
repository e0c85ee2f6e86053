"""kb.activations: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ingest.activations.settings import Settings
from ...ingest.corpus.settings import Windows
from ..inputs.reading import Reading
from ..kinds import Alongside, Chosen, Corpus, Experts, Layers, Model, ModelName, Out, Replace
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ..load.report import LoadReport


class Activations(Noun):
    """What neurons do on texts: statistics, strongest windows, and the tokens they fire on."""

    @verb(needs="weights", writes=True, begins=True)
    def ingest(
        self,
        model: Model,
        corpus: Corpus,
        *,
        name: ModelName = None,
        layers: Layers = None,
        experts: Experts = None,
        reading: Chosen[Reading] = None,
        windows: Chosen[Windows] = None,
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
        out: Out = None,
    ) -> LoadReport:
        """Run a corpus through a model once, and load what every neuron did on it.

        In a mixture of experts a neuron counts on the tokens that reach its expert: the strongest windows and tokens
        are kept; windows of bands, signs and roles are not. An interrupted run goes on where it was. Needs the models
        extra. Raises ModelError, CorpusError.
        """
        from ..jobs.activations import activations_job
        from ..load.write import load_job

        texts = Reading.of(reading)
        job = activations_job(self.session, model, corpus, name, layers, experts, texts, windows, settings)
        return load_job(self.session, job, replace, alongside, out, notes=lambda: texts.notes(job.corpus))
