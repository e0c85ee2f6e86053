"""kb.causal: see its class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...ingest.causal.settings import Settings
from ...ingest.chosen import Range
from ..kinds import Alongside, Chosen, Kind, Model, Neurons, OfModel, Out, Replace, RunId, Top
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ...queries import CausalReport
    from ..jobs.causal import CausalLoad


class Causal(Noun):
    """Do neurons write what they decode to? Clamped to multiples of their maximum, beside two nulls."""

    @verb(needs="weights", writes=True, begins=True)
    def ingest(
        self,
        model: Model,
        *,
        top: Annotated[int, Range(1), "Clearest ends to test"] = 200,
        neurons: Neurons = None,
        prompts: Annotated[
            Path | Sequence[str] | None, Kind("A file of prompts, one a line, unless the 20 shipped", "FILE", "path")
        ] = None,
        maxima: Annotated[
            str,
            "Observed maxima: corpus, of the newest corpus pass; prompts, measured on these; or of the pass of another "
            "model of the same shape, such as the base",
        ] = "corpus",
        settings: Chosen[Settings] = None,
        replace: Replace = False,
        alongside: Alongside = False,
        out: Out = None,
    ) -> CausalLoad:
        """Clamp neurons to multiples of their observed maximum and load what became of their decoded tokens.

        The effect is the change in log-probability of a neuron's decoded tokens on neutral prompts; the nulls are as
        frequent tokens for the same neuron, and the same tokens for neurons that write as much. A neuron is named as
        L3/N17 for all its ends or L3/N17:down- for one. An interrupted run goes on where it was. Needs the models
        extra. Raises ModelError, IdError, QueryError.
        """
        from ..jobs.causal import check

        return check(self.session, model, top, neurons, prompts, maxima, settings, replace, alongside, out)

    @verb(agent=True)
    def report(
        self,
        model: OfModel = None,
        *,
        run: RunId = None,
        top: Top = 8,
        sides: Annotated[bool, "Only the tested sides; as CSV, a file that causal ingest takes as --neurons"] = False,
    ) -> CausalReport:
        """Whether neurons write what they decode to: shares that beat both nulls, by layer, with examples.

        Of a model's newest run, or of the run that is named. Raises QueryError.
        """
        from ...queries import causal_report

        return causal_report(self.db, model, run, top=top, sides=sides)
