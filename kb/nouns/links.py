"""kb.links: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...ingest.chosen import Range
from ..inputs.reading import Reading
from ..kinds import Alongside, Chosen, Corpus, Experts, Layers, Replace, StoredModel, Top, Weights
from ..place import POSITIONS
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries import Diff
    from ...queries.answers.tuned import TuneReport
    from ..jobs.links import LinkReport


class Links(Noun):
    """A fine-tune beside its base, neuron by neuron."""

    @verb(needs="weights", writes=True)
    def make(
        self,
        base: StoredModel,
        tuned: StoredModel,
        *,
        layers: Layers = None,
        experts: Experts = None,
        corpus: Corpus = (),
        reading: Chosen[Reading] = None,
        positions: Annotated[int, Range(2), "Places of the text at most"] = POSITIONS,
        base_weights: Weights = None,
        tuned_weights: Weights = None,
        replace: Replace = False,
        alongside: Alongside = False,
    ) -> LinkReport:
        """Link a fine-tune to its base, neuron by neuron; both are decoded models of the store.

        With a corpus both models read the same text and each neuron's activations are correlated; such a link takes the
        place of one without. Needs the models extra. Raises LinkError, WeightsError.
        """
        from ..jobs.links import make_link

        texts = Reading.of(reading)
        weights = (base_weights, tuned_weights)
        return make_link(
            self.session, base, tuned, weights, layers, experts, corpus, texts, positions, replace, alongside
        )

    @verb(agent=True)
    def diff(self, base: StoredModel, tuned: StoredModel, *, top: Top = 10) -> Diff:
        """What a fine-tune kept of its base, by layer and projection, and the neurons it changed most.

        Beside it stands what noise of the same size would keep.
        """
        from ...queries import diff_models

        return diff_models(self.db, base, tuned, top=top)

    @verb(agent=True)
    def report(self, base: StoredModel, tuned: StoredModel) -> TuneReport:
        """What a fine-tune did to its base's neurons: layers, the neurons furthest off, words, findings.

        Each number beside what chance or noise would give. All neurons are looked at when it is first asked of a link;
        then it answers at once. Raises LinkError.
        """
        from ..jobs.tuned import report

        return report(self.session, base, tuned)
