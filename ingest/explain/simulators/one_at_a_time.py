"""One question a token: slow, and the only way with servers that show the likeliest next tokens alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from ....schema import LanguageModelError
from ...llm.client import Client, Prompt
from .expected import expected
from .prompts import VALUES, conversation, question
from .simulator import Expected, Window

Style = Literal["text", "chat"]
"""text: the document that AllAtOnce reads, up to the value. chat: a question and its answer, in turns."""


class OneAtATime:
    """Asks for one value after the other; none is told the others' values."""

    def __init__(self, client: Client, style: Style = "text") -> None:
        if "continuations" not in client.abilities:
            raise LanguageModelError(f"{client.id} gives no log-probabilities; use the simulator written")
        self._client, self._style, self._failures = client, style, Counter[str]()

    @property
    def id(self) -> str:
        """As Simulator's."""
        return f"one-at-a-time/{self._style}/{self._client.id}"

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
        ask = question if self._style == "text" else conversation
        prompts: list[Prompt] = [ask(*one, place) for one in flat for place in range(len(one[1]))]
        answers = self._client.continuation_logs(prompts, VALUES)
        values = iter(float(expected(answer, 1, self._failures)[0]) for answer in answers)
        each = iter(np.array(list(islice(values, len(window)))) for _, window in flat)
        return [list(islice(each, len(windows))) for _, windows in asked]
