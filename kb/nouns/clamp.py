"""kb.clamp: see its class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from ...ingest.chosen import Range
from ..kinds import Device, Held, Model, NeuronIds, Seed
from ..verb import Noun, verb

if TYPE_CHECKING:
    from ..jobs.clamp_report import ClampReport

Site = Literal["hidden", "gate", "up"]


class Clamp(Noun):
    """A model's text with neurons held, beside its text without."""

    @verb(needs="live")
    def run(
        self,
        model: Model,
        neurons: NeuronIds,
        *,
        prompt: Annotated[str, "The text to go on from"],
        value: Annotated[float | Sequence[float], "One for all neurons, or one each, such as 8,-2"] = (),
        how: Annotated[
            Held,
            "The value in the activation's place, added to it or multiplied with it; or ablation by zero or the corpus "
            "mean",
        ] = "set",
        site: Annotated[Site, "The neuron's value, or the pre-activation of its gate or up row"] = "hidden",
        positions: Annotated[
            Sequence[int] | None, "Token positions such as 0,2,-1, negative ones from the prompt's end, unless all"
        ] = None,
        tokens: Annotated[int, Range(0), "Tokens to write"] = 30,
        top: Annotated[int, Range(1), "Likeliest next tokens to compare"] = 10,
        sample: Annotated[Seed | None, "Draw the tokens with this seed instead of taking the likeliest"] = None,
        chat: Annotated[bool, "Ask as a user does: the prompt in the tokenizer's chat template"] = False,
        dtype: Annotated[str, "float32, bfloat16, float16 or auto"] = "auto",
        device: Device = "auto",
    ) -> ClampReport:
        """Run a model with neurons clamped: next-token probabilities and the text it writes, before and after.

        A neuron with decoded tokens shows what became of their probability, beside the same clamp on random other
        neurons of its layer. For what a down row decodes to at pole -, the value must be negative. Needs the models
        extra. Raises IdError, ModelError, QueryError.
        """
        from ..jobs.clamp import clamped

        return clamped(
            self.session,
            model,
            neurons,
            prompt,
            value,
            how,
            site,
            positions,
            tokens=tokens,
            top=top,
            sample=sample,
            chat=chat,
            dtype=dtype,
            device=device,
        )
