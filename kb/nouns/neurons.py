"""kb.neurons: see its class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from ...ingest.chosen import Range
from ..kinds import Neuron, OfModel, OtherModel, StoredModel
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries.answers.beside import Beside
    from ...queries.answers.lines import NeuronLine
    from ...queries.answers.subgraph import Around
    from ..load.lines import LinesMade


class Neurons(Noun):
    """Neurons and what is around them in the graph."""

    @verb()
    def around(
        self,
        neuron: Neuron,
        *,
        hops: Annotated[int, Range(1, 4), "Steps away from it"] = 1,
        strongest: Annotated[int, Range(1), "Relationships of each type that are followed from a node"] = 10,
        most: Annotated[int, Range(1, 10_000), "Nodes at most"] = 500,
    ) -> Around:
        """What is around a neuron: nodes and relationships, the strongest of each type.

        In Python `graph()` of the answer is it in networkx. Raises QueryError.
        """
        from ...queries.answers.subgraph import around

        return around(self.db, neuron, hops, strongest, most)

    @verb(agent=True)
    def beside(self, neuron: Neuron, *, model: OtherModel = None) -> Beside:
        """The same neuron in a base and in its fine-tune, evidence by evidence, with what changed beside its null.

        Either of the two names it. Raises QueryError where they are not linked.
        """
        from ...queries.answers.beside import beside
        from ...schema import NeuronId

        return beside(self.db, NeuronId.parse(neuron), model)

    @verb(agent=True)
    def line(self, neuron: Neuron) -> NeuronLine:
        """What a neuron does, in the sentence that stands beside its id, with its source and score. Raises QueryError.

        It is set by a person, or the first of these that exceeds its null: a finding, an explanation, its N2G graph, a
        feature that it alone tells, a coherent end of its decoded tokens.
        """
        from ...queries.answers.lines import neuron_line

        return neuron_line(self.db, neuron)

    @verb()
    def random(
        self,
        *,
        model: OfModel = None,
        explained: Annotated[bool, "Only one whose line is above chance"] = True,
    ) -> NeuronLine:
        """A neuron at random, with its line: one of which something is known, unless any will do. Raises QueryError."""
        from ..jobs.surprise import surprise

        return surprise(self.session, model, explained)

    @verb(writes=True)
    def set_line(
        self,
        neuron: Neuron,
        text: Annotated[str, "The sentence; an empty one takes what was set away"],
    ) -> NeuronLine:
        """Set the sentence that stands beside a neuron's id, before all that was measured. Raises QueryError."""
        from ..load.lines import set_line

        return set_line(self.db, neuron, text, self.progress)

    @verb(writes=True)
    def lines(self, model: StoredModel) -> LinesMade:
        """Make the lines of all neurons of a model anew; loading and removing runs does so for the neurons they touch.

        Lines that people set stay. Raises QueryError.
        """
        from ..load.lines import make_lines

        return make_lines(self.db, model, self.progress)
