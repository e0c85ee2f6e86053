"""kb.explanations: see its class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from ...ingest.chosen import Range
from ...ingest.explain.settings import Settings
from ..kinds import (
    Alongside,
    BaseUrl,
    Chosen,
    Embedder,
    Files,
    LanguageModel,
    Model,
    Neurons,
    OfModel,
    Out,
    Replace,
    RunId,
    StoredModel,
)
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries import ExplanationReport
    from ...queries.answers.explanations import Explained
    from ..jobs.embed import EmbeddingReport
    from ..jobs.explanations import ExplanationLoad
    from ..jobs.import_explanations import ExplanationsReport

Way = Literal["auto", "all-at-once", "one-at-a-time", "written"]
Format = Literal["openai", "delphi", "neuronpedia"]


class Explanations(Noun):
    """What neurons are said to do, in words, and what that is worth."""

    @verb(needs="weights", writes=True, begins=True)
    def ingest(
        self,
        model: Model,
        *,
        explainer: LanguageModel,
        simulator: Annotated[LanguageModel | None, "Predicts activations from them, unless the explainer"] = None,
        base_url: BaseUrl = None,
        way: Annotated[
            Way, "How the simulator is asked: in one pass a text, a token at a time, or without probabilities"
        ] = "auto",
        neurons: Neurons = None,
        embedder: Embedder = None,
        prices: Annotated[
            Sequence[float] | None, Range(0), "Of a million prompt and completion tokens, such as 0.15,0.6"
        ] = None,
        budget: Annotated[
            float | None, Range(0), "Stop once each of the two models has cost so much; needs prices"
        ] = None,
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
        out: Out = None,
    ) -> ExplanationLoad:
        """Explain a model's neurons with a language model, local or remote, score the explanations, and load both.

        The model needs a corpus pass in the store; its decoding and its graphs are used where they are. Beside every
        score stands the same score of another neuron's explanation; graphs, token tables and decoded tokens are scored
        by the same correlation. Answers are kept: an interrupted run asks nothing twice. Raises ModelError,
        LanguageModelError.
        """
        from ..jobs.explanations import explain

        models = (explainer, simulator)
        costs = (prices, budget)
        return explain(
            self.session, model, models, base_url, way, neurons, embedder, costs, settings, replace, alongside, out
        )

    @verb(writes=True, begins=True)
    def import_(
        self,
        files: Files | str | Path,
        *,
        format: Annotated[
            Format | None, "Whose files they are, unless they tell; SAEDashboard's are neuronpedia"
        ] = None,
        model: OfModel = None,
        source: Annotated[str | None, "The dictionary of the latents, unless as the files or their folder say"] = None,
        explainer: Annotated[str | None, "Who wrote the explanations, where the files do not say"] = None,
        embed: Annotated[bool, "Embed the texts for search by meaning"] = True,
        replace: Replace = False,
        alongside: Alongside = False,
    ) -> ExplanationsReport:
        """Load published explanations, their scores and example windows, flagged as imported.

        openai: NeuronRecord JSON, explanation JSONL, token tables, and lists {"id": [layer, neuron, explanation,
        score]}. delphi: folders of results with explanations/ and scores/; each has a dictionary of its own.
        neuronpedia: exports of features, explanations and activations, and SAEDashboard's batches. All that is read is
        kept, merged with what is the same, or counted as failed or skipped with the reason; nothing is loaded when a
        file is damaged. Raises PublishedError.
        """
        from ..jobs.import_explanations import import_explanations
        from ..load.write import clash_of

        paths = [Path(file) for file in ([files] if isinstance(files, str | Path) else files)]
        asked = {"model": model, "source": source, "explainer": explainer}
        clash = clash_of(replace, alongside)
        return import_explanations(self.db, self.place, paths, format, asked, embed, clash, self.progress)

    @verb(writes=True)
    def embed(self, *, embedder: Embedder = None) -> EmbeddingReport:
        """Embed the texts of explanations that have no embedding by this model, for search by meaning.

        Imports do it by themselves; this is for what was left, and for a change of the embedding model. Needs the
        embeddings extra. Raises ModelError.
        """
        from ..jobs.embed import embed_explanations

        return embed_explanations(self.db, embedder, self.progress)

    @verb(agent=True)
    def show(
        self,
        name: Annotated[str, "A neuron, a latent, or the beginning of an explanation's id"],
        *,
        every: Annotated[bool, "Show every score, not only the first"] = False,
    ) -> Explained:
        """The explanations of a neuron or latent, or one explanation, each score beside its null. Raises QueryError."""
        from ...queries.answers.explanations import explained

        return explained(self.db, name, every)

    @verb()
    def report(
        self,
        model: StoredModel,
        *,
        run: RunId = None,
        every: Annotated[bool, "Show every formula, not only the correlation"] = False,
    ) -> ExplanationReport:
        """How good a model's explanations are, by layer: sentences beside token tables, graphs and decoded tokens.

        Each with the same score of another neuron's explanation, and with its description length in bytes.
        """
        from ...queries import explanation_report

        return explanation_report(self.db, model, run, every)
