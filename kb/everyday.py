"""The everyday verbs, which stand on the knowledge base itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ..ingest.chosen import Range
from .kinds import Embedder, Layers, Neuron, OfModel, RunId, Top
from .verb import Noun, verb

if TYPE_CHECKING:
    from ..queries import NeuronCard, Result
    from ..queries.answers.criteria import FoundNeurons
    from .search.records import Found

Evidence = Literal["decoded", "fires", "graph", "explanation", "feature", "word"]


class Everyday(Noun):
    """To search, to find, to look at a neuron, to ask in Cypher."""

    @verb(agent=True)
    def search(
        self,
        text: Annotated[str, "What it should mean, such as 'months of the year'"],
        *,
        model: OfModel = None,
        layers: Layers = None,
        evidence: Annotated[Sequence[Evidence], "Only these kinds"] = (),
        least: Annotated[float | None, Range(-1, 1), "Smallest cosine of a hit"] = None,
        top: Top = 10,
        embedder: Embedder = None,
        folder: Annotated[Path | None, "Where the search matrix lies, unless in the store"] = None,
        way: Annotated[
            Literal["auto", "matrix", "index"],
            "Where explanations are searched: in the matrix, exactly, or by the store's vector index",
        ] = "auto",
        now: Annotated[bool, "Answer from what the matrix has already, and from the words as typed"] = False,
    ) -> Found:
        """Neurons whose evidence means a text, over every kind of evidence of every model, each with its why.

        The first search of a store, and one after new evidence, makes what is missing of the search matrix. Where that
        takes long, words as typed and what is there answer at once, and the whole answer follows. Needs the embeddings
        extra. Raises QueryError, ModelError.
        """
        return self.session.search.answer(
            text,
            model=model,
            layers=layers,
            evidence=evidence,
            least=least,
            top=top,
            embedder=embedder,
            folder=folder,
            way=way,
            now=now,
            waits=self.session.waits,
            early=self.session.early,
            progress=self.progress,
        )

    @verb(agent=True)
    def find(
        self,
        words: Annotated[Sequence[str], "Words in decoded tokens, on text or in graphs"] = (),
        *,
        least_words: Annotated[int | None, Range(1), "Of them on one side, unless all of one or two, else 3"] = None,
        exact: Annotated[bool, "Words are exact token texts, spaces included"] = False,
        meaning: Annotated[str | None, "A phrase that some evidence means, such as 'months of the year'"] = None,
        feature: Annotated[str | None, "A feature that the neuron alone tells, such as is_french"] = None,
        min_f1: Annotated[float | None, Range(0, 1), "Least F1 on that feature, or on any"] = None,
        min_score: Annotated[float | None, Range(-1, 1), "Least headline score of an explanation"] = None,
        coherent: Annotated[float | None, Range(-1, 1), "Least coherence of a decoded end"] = None,
        activates_on: Annotated[str | None, "A word that its graph fires on"] = None,
        context: Annotated[str | None, "A word that its graph needs before that"] = None,
        statistic: Annotated[Literal["dead", "dense", "sparse"] | None, "What its activations on text are"] = None,
        layers: Layers = None,
        changed_in: Annotated[OfModel, "A fine-tune or base in which its counterpart changed"] = None,
        kept_in: Annotated[OfModel, "A fine-tune or base in which its counterpart was kept"] = None,
        evidence: Annotated[Sequence[str], "Evidence of a further method, such as 'saliency >= 0.5'"] = (),
        own: Annotated[Sequence[str], "A number that you put on neurons, such as 'selectivity > 0.5'"] = (),
        model: OfModel = None,
        run: RunId = None,
        top: Top = 20,
        timeout: Annotated[float | None, Range(0), "Seconds of each criterion; 0 for none"] = 60.0,
    ) -> FoundNeurons:
        """Neurons that meet all of the criteria given, in any combination, each with the reason for every one.

        A search by meaning makes what is missing of the search matrix first, and needs the embeddings extra. Raises
        QueryError for no criterion, or a name that is not in the store.
        """
        from .jobs.find import find_neurons

        criteria = {
            "words": tuple(words),
            "least_words": least_words,
            "exact": exact,
            "feature": feature,
            "min_f1": min_f1,
            "min_score": min_score,
            "coherent": coherent,
            "activates_on": activates_on,
            "context": context,
            "statistic": statistic,
            "layers": None if layers is None else tuple(layers),
            "changed_in": changed_in,
            "kept_in": kept_in,
            "evidence": tuple(evidence),
            "model": model,
            "run": run,
            "top": top,
        }
        return find_neurons(self.session, criteria, meaning, own, timeout or None)

    @verb(agent=True)
    def card(self, neuron: Neuron) -> NeuronCard:
        """All that is known of one neuron: weights, text, graphs, features, explanations, findings, counterparts."""
        from ..queries import card
        from ..schema import NeuronId

        return card(self.db, NeuronId.parse(neuron))

    @verb(agent=True)
    def cypher(
        self,
        text: Annotated[str, "Cypher that only reads"],
        params: Annotated[Mapping[str, Any] | None, "A parameter of the Cypher: JSON, else text"] = None,
        *,
        timeout: Annotated[float | None, Range(0), "Seconds; 0 for none"] = 30.0,
        limit: Annotated[int | None, Range(0), "Rows; 0 for all"] = 1000,
        **more: Any,
    ) -> Result:
        """Rows of a question in Cypher; nothing can be written. In Python parameters may be given by keyword.

        Raises QueryError, ReadOnlyError or LimitError.
        """
        from .jobs.catalogue import read

        return read(self.db, text, {**(params or {}), **more}, timeout=timeout or None, limit=limit or None)
