"""kb.probes: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...ingest.chosen import Range
from ...ingest.probes.settings import Settings
from ..kinds import (
    Alongside,
    Chosen,
    Device,
    FeatureName,
    Files,
    LabelledTexts,
    Layers,
    Model,
    ModelName,
    OfModel,
    OneNeuron,
    Out,
    Replace,
    RunId,
    StoredModel,
    Top,
)
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries import Detections, FeatureProbes, ProbeReport
    from ..jobs.import_probes import ImportReport
    from ..jobs.probes import AblationReport
    from ..load.report import LoadReport


class Probes(Noun):
    """Sparse probes: which features of text neurons tell, alone and with a few others."""

    @verb(needs="weights", writes=True, begins=True)
    def ingest(
        self,
        model: Model,
        *,
        features: LabelledTexts = (),
        name: ModelName = None,
        layers: Layers = None,
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
        out: Out = None,
    ) -> LoadReport:
        """Probe every neuron of a model for labelled features, and load what was found layer by layer.

        Probes are fitted, chosen and reported on different documents, beside as many random directions. Features that
        are not built yet are built first. An interrupted run goes on where it was. Needs the models and probes extras.
        Raises FeatureError, ModelError.
        """
        from ..jobs.probes import probes_job, same_texts
        from ..load.known_runs import bundle_for
        from ..load.write import load_job

        job = probes_job(self.session, model, features, name, layers, settings)
        same_texts(job, bundle_for(job, self.db, self.place, out))
        return load_job(self.session, job, replace, alongside, out)

    @verb(writes=True, begins=True)
    def import_(
        self,
        files: Files,
        *,
        model: OfModel = None,
        dataset: Annotated[str | None, "The data set that tables mean that do not say it"] = None,
        feature: Annotated[str | None, "The feature that tables mean that do not say it"] = None,
        replace: Replace = False,
        alongside: Alongside = False,
    ) -> ImportReport:
        """Load published tables of single-neuron probes, CSV files or folders of them, flagged as imported.

        A run a file and model, on weights that are marked unverified. The report accounts for every row. Raises
        PublishedError.
        """
        from ..jobs.import_probes import import_probes
        from ..load.write import clash_of

        return import_probes(self.session, files, model, dataset, feature, clash_of(replace, alongside))

    @verb(agent=True)
    def show(self, feature: FeatureName, *, model: OfModel = None, run: RunId = None) -> FeatureProbes:
        """The best neurons for a feature by layer and model, and F1 against the number of neurons a probe may use."""
        from ...queries import feature_probes

        return feature_probes(self.db, feature, model=model, run=run)

    @verb()
    def report(
        self,
        model: StoredModel,
        *,
        run: RunId = None,
        high: Annotated[float, Range(0, 1), "Least F1 of a monosemantic candidate's one feature"] = 0.9,
        low: Annotated[
            float, Range(0, 1), "Share of the way from always guessing yes to F1 1 from which on a feature is told"
        ] = 0.5,
        top: Top = 20,
    ) -> ProbeReport:
        """The best neuron of a model for each feature, and neurons that tell one feature only, or several."""
        from ...queries import probe_report

        return probe_report(self.db, model, run=run, high=high, low=low, top=top)

    @verb()
    def find(
        self,
        feature: FeatureName,
        *,
        least: Annotated[float | None, Range(0, 1), "Least F1"] = None,
        model: OfModel = None,
        run: RunId = None,
        top: Top = 20,
    ) -> Detections:
        """Neurons that alone tell a feature, best first."""
        from ...queries import by_feature

        return by_feature(self.db, feature, least=least, model=model, run=run, top=top)

    @verb(needs="live")
    def ablate(
        self,
        model: Model,
        feature: FeatureName,
        *,
        neuron: OneNeuron = None,
        windows: Annotated[int, Range(1), "Of each kind, at most"] = 24,
        controls: Annotated[int, Range(0), "Random neurons of the layer"] = 5,
        dtype: Annotated[str, "float32, bfloat16, float16 or auto"] = "auto",
        device: Device = "auto",
    ) -> AblationReport:
        """Hold a neuron at 0: what next-token loss it costs on text with a feature, and on other text.

        The neuron is the best known for the feature unless given. Needs the models and probes extras. Raises
        FeatureError, QueryError, ModelError.
        """
        from ..jobs.probes import ablated

        return ablated(self.session, model, feature, neuron, windows, controls, dtype, device)
