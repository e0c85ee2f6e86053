"""All tokens of a window from one pass, by the log-probabilities of each value at its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ....schema import LanguageModelError
from ...llm.client import Client
from .expected import expected
from .prompts import VALUES, document
from .simulator import AskedSimulator, Expected, Window


class AllAtOnce(AskedSimulator):
    """Reads each window once, every value unknown, and takes at each place the expectation over the scale.

    Each value is predicted from the tokens up to its own, with no earlier value known (Bills et al. 2023).
    """

    def __init__(self, client: Client) -> None:
        if "slots" not in client.abilities:
            raise LanguageModelError(
                f"{client.id} gives no log-probabilities inside a prompt; use the simulator one-at-a-time or written"
            )
        super().__init__(client)

    @property
    def id(self) -> str:
        """As Simulator's."""
        return f"all-at-once/{self._client.id}"

    def _expected(self, asked: Sequence[tuple[str, Window]]) -> Iterable[Expected]:
        answers = self._client.slot_logs([document(*one) for one in asked], VALUES)
        return (
            expected(answer, len(window), self._failures) for answer, (_, window) in zip(answers, asked, strict=True)
        )
