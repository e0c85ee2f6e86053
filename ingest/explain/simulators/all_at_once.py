"""All tokens of a window from one pass, by the log-probabilities of each value at its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from ....schema import LanguageModelError
from ...llm.client import Client
from .expected import expected
from .prompts import VALUES, document
from .simulator import Expected, Window


class AllAtOnce:
    """Reads each window once, every value unknown, and takes at each place the expectation over the scale.

    Each value is predicted from the tokens up to its own, with no earlier value known (Bills et al. 2023).
    """

    def __init__(self, client: Client) -> None:
        if "slots" not in client.abilities:
            raise LanguageModelError(
                f"{client.id} gives no log-probabilities inside a prompt; use the simulator one-at-a-time or written"
            )
        self._client, self._failures = client, Counter[str]()

    @property
    def id(self) -> str:
        """As Simulator's."""
        return f"all-at-once/{self._client.id}"

    @property
    def failures(self) -> Mapping[str, int]:
        """As Simulator's."""
        return self._failures

    def simulate(self, explanation: str, windows: Sequence[Window]) -> list[Expected]:
        """As Simulator's."""
        return self.simulate_many([(explanation, windows)])[0]

    def simulate_many(self, asked: Sequence[tuple[str, Sequence[Window]]]) -> list[list[Expected]]:
        """As Simulator's."""
        flat = [(explanation, window) for explanation, windows in asked for window in windows]
        answers = self._client.slot_logs([document(*one) for one in flat], VALUES)
        each = iter(
            expected(answer, len(window), self._failures) for answer, (_, window) in zip(answers, flat, strict=True)
        )
        return [list(islice(each, len(windows))) for _, windows in asked]
