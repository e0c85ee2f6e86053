"""kb.feeds: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...ingest.chosen import Range
from ...ingest.feeds.settings import Settings
from ..kinds import Alongside, Chosen, Experts, Layers, Model, Neuron, Replace, RunId
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries.answers.feeds import NeuronFeeds
    from ..load.report import LoadReport


class Feeds(Noun):
    """Which neuron drives which later one through the residual stream."""

    @verb(needs="weights", writes=True, begins=True)
    def ingest(
        self,
        model: Model,
        *,
        layers: Annotated[Layers, "Only from and to these layers, such as 0,3-5"] = None,
        experts: Annotated[Experts, "Of a mixture only from and to these experts, such as 0-7"] = None,
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
    ) -> LoadReport:
        """Find which later neurons every neuron of a model drives most, and which earlier ones drive it.

        Every pair of layers is multiplied, of a mixture every pair of their experts, without what the routers weigh
        them by; an interrupted run goes on. Needs the models extra. Raises ModelError, LinkError.
        """
        from ..jobs.feeds import feeds_job
        from ..load.write import load_job

        job = feeds_job(self.session, model, layers, experts, settings)
        return load_job(self.session, job, replace, alongside)

    @verb(agent=True)
    def show(
        self,
        neuron: Neuron,
        *,
        run: RunId = None,
        top: Annotated[int, Range(1, 100), "Shown each way and through each projection"] = 10,
    ) -> NeuronFeeds:
        """The later neurons that a neuron drives most through the residual stream, and the earlier ones that drive it.

        A weight is what one unit of the earlier neuron's value adds to the gate or up of the later one, before the
        norms divide; the control is the largest that shuffled rows reach. Raises QueryError.
        """
        from ..jobs.feeds import feeds_of

        return feeds_of(self.db, neuron, run, top)
