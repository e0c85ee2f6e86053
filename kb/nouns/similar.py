"""kb.similar: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from ...ingest.chosen import Range
from ...ingest.similar.settings import Settings
from ..inputs.reading import Reading
from ..kinds import Alongside, Chosen, Corpus, Device, Model, Neuron, OfModel, Replace
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries.answers.similar import Neighbours
    from ..jobs.match import MatchReport

Measure = Literal["weights", "vocabulary", "tokens", "graph", "explanation", "activation"]


class Similar(Noun):
    """Neurons like one neuron, and like all neurons of a model, in the same model or another."""

    @verb(needs="weights", writes=True)
    def match(
        self,
        model: Model,
        other: Model,
        *,
        corpus: Corpus = (),
        reading: Chosen[Reading] = None,
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
    ) -> MatchReport:
        """Find, for every neuron of two models, the nearest of the other's by one measure, and load them both ways.

        One model twice gives neighbours among its own neurons. weights and vocabulary need the weights alone, tokens
        both models decoded, activation a text. An interrupted run goes on. Needs the models extra. Raises LinkError.
        """
        from ..jobs.match import match_models

        texts = Reading.of(reading)
        return match_models(self.session, model, other, corpus, texts, settings, replace, alongside)

    @verb(agent=True)
    def show(
        self,
        neuron: Neuron,
        *,
        by: Annotated[Measure | None, "Measure, unless those of a match, else weights"] = None,
        model: Annotated[OfModel, "Model whose neurons are looked through, unless its own"] = None,
        top: Annotated[int, Range(1, 100), "Neighbours of each measure"] = 10,
        device: Device = "auto",
    ) -> Neighbours:
        """The neurons most like one, of its own model or of another, beside what the measure's control reaches.

        What a match stored is shown, by graph what the building of graphs stored; where there is none, weights,
        vocabulary, tokens, graph and explanation are worked out for this neuron now. Activation needs a match. Raises
        QueryError, LinkError.
        """
        from ..jobs.similar import similar

        return similar(self.db, self.place, neuron, by, model, top, device)
