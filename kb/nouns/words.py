"""kb.words: see its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from ...ingest.chosen import Range
from ..kinds import OfModel, RunId, Runs, StoredModel, Top
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries import Result
    from ...queries.answers.agree import AgreeReport
    from ...queries.answers.disagree import DisagreeReport
    from ...queries.answers.ends import Concepts, Ends

OwnLayers = Annotated[Sequence[int], "Only these layers, such as 0,3-5"]
AtMost = Annotated[int | None, Range(1), "How many are shown"]
Share = Annotated[float, Range(0, 1), "A probe counts from this share of the way from always guessing yes to F1 1"]


class Words(Noun):
    """The words that neurons decode to, and the words that several methods say of one neuron."""

    @verb(agent=True)
    def concepts(
        self,
        names: Annotated[Sequence[str], "Word lists such as months or 'US states', unless all"] = (),
        *,
        model: OfModel = None,
        run: RunId = None,
        top: Annotated[int, Range(1), "Neurons of each list"] = 1,
    ) -> Concepts:
        """The neurons that name most of a concept's words: months, car makes, US states and forty more.

        Raises QueryError for an unknown name.
        """
        from ...queries import concepts

        return concepts(self.db, names, model=model, run=run, top=top)

    @verb()
    def token(
        self,
        token: Annotated[str, "A word, in any spelling that its tokens have"],
        *,
        exact: Annotated[bool, "Only tokens with exactly this text, spaces included"] = False,
        model: OfModel = None,
        run: RunId = None,
        top: Top = 20,
    ) -> Result:
        """Neurons whose weights decode to a word, by z-score."""
        from ...queries import by_token

        return by_token(self.db, token, exact=exact, model=model, run=run, top=top)

    @verb()
    def several(
        self,
        words: Annotated[Sequence[str], "Words of one kind"],
        *,
        least: Annotated[int | None, Range(1), "Words that must be named, unless 3 or as many as are given"] = None,
        model: OfModel = None,
        run: RunId = None,
        top: Top = 20,
    ) -> Ends:
        """Ends of neurons' weights that name most of the words, beside what chance would bring."""
        from ...queries import by_words

        least = min(3, len(words)) if least is None else least
        return by_words(self.db, words, least=least, model=model, run=run, top=top)

    @verb()
    def coherent(
        self,
        *,
        least: Annotated[float, "Mean cosine of the top tokens at least"] = 0.3,
        model: OfModel = None,
        run: RunId = None,
        top: Top = 20,
    ) -> Ends:
        """Ends of neurons' weights whose top tokens are different words that lie close together."""
        from ...queries import coherent

        return coherent(self.db, least=least, model=model, run=run, top=top)

    @verb()
    def agree(
        self,
        model: StoredModel,
        *,
        runs: Runs = (),
        layers: OwnLayers = (),
        share: Share = 0.5,
        top: AtMost = 20,
    ) -> AgreeReport:
        """Neurons that independent methods name in the same words, beside what chance would give.

        Worked out and stored when first asked of a model, and again where evidence came or went. Raises QueryError, or
        StoreBusyError while evidence comes in.
        """
        from ..jobs.agree import agree

        return agree(
            self.db,
            self.place,
            model,
            runs=runs,
            layers=layers,
            share=share,
            top=top,
            keeps=self.session.stores,
            progress=self.progress,
        )

    @verb()
    def disagree(
        self,
        model: StoredModel,
        *,
        runs: Runs = (),
        layers: OwnLayers = (),
        share: Share = 0.5,
        coherence: Annotated[float, "Mean cosine of a clear row's tokens at least"] = 0.3,
        f1: Annotated[float, Range(0, 1), "F1 of a clear graph at least"] = 0.5,
        top: Top = 20,
    ) -> DisagreeReport:
        """Neurons of which methods contradict each other.

        The same words on opposite sides, clamps that push against the decoded words, clear statements without a word in
        common. Raises QueryError, or StoreBusyError while evidence comes in.
        """
        from ..jobs.agree import disagree

        return disagree(
            self.db,
            self.place,
            model,
            runs=runs,
            layers=layers,
            share=share,
            coherence=coherence,
            f1=f1,
            top=top,
            keeps=self.session.stores,
            progress=self.progress,
        )
