"""kb.lm_head: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from ...ingest.chosen import ADVANCED
from ...ingest.lm_head.settings import Settings
from ..kinds import Adapter, Alongside, Chosen, Experts, Layers, Model, ModelName, Out, Replace
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ..load.report import LoadReport


class LmHead(Noun):
    """The logit lens of each neuron: its weights through the unembedding, as ranked tokens."""

    @verb(needs="weights", writes=True, begins=True)
    def ingest(
        self,
        model: Model,
        *,
        name: ModelName = None,
        adapter: Adapter = None,
        layers: Layers = None,
        experts: Experts = None,
        order: Annotated[Literal["first", "last"], "Which layers come first", ADVANCED] = "first",
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
        out: Out = None,
    ) -> LoadReport:
        """Decode every neuron of a model through its unembedding, and load the ranked tokens layer by layer.

        For each neuron's gate, up and down weights the exact top tokens of both poles are stored, with statistics; of a
        mixture of experts each expert's, and the tokens that the router sends it. An interrupted run goes on where it
        was. Needs the models extra. Raises ModelError.
        """
        from ...ingest.lm_head.job import LmHeadJob
        from ..inputs.layers import KnownLayers
        from ..inputs.models import located
        from ..load.write import load_job

        model, name = located(self.db, model, name)
        job = LmHeadJob.open(
            model,
            name=name,
            adapter=adapter,
            layers=layers,
            experts=experts,
            order=order,
            settings=settings,
            reuse=KnownLayers(self.place.bundles),
            progress=self.progress,
        )
        return load_job(self.session, job, replace, alongside, out)
