"""One question a token: slow, and the only way with servers that show the likeliest next tokens alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from ....schema import LanguageModelError
from ...llm.client import Client, Prompt
from .expected import expected
from .prompts import VALUES, conversation, question
from .simulator import AskedSimulator, Expected, Window

Style = Literal["text", "chat"]
"""text: the document that AllAtOnce reads, up to the value. chat: a question and its answer, in turns."""


class OneAtATime(AskedSimulator):
    """Asks for one value after the other; none is told the others' values."""

    def __init__(self, client: Client, style: Style = "text") -> None:
        if "continuations" not in client.abilities:
            raise LanguageModelError(f"{client.id} gives no log-probabilities; use the simulator written")
        super().__init__(client)
        self._style = style

    @property
    def id(self) -> str:
        """As Simulator's."""
        return f"one-at-a-time/{self._style}/{self._client.id}"

    def _expected(self, asked: Sequence[tuple[str, Window]]) -> Iterable[Expected]:
        ask = question if self._style == "text" else conversation
        prompts: list[Prompt] = [ask(*one, place) for one in asked for place in range(len(one[1]))]
        answers = self._client.continuation_logs(prompts, VALUES)
        values = iter(float(expected(answer, 1, self._failures)[0]) for answer in answers)
        return (np.array(list(islice(values, len(window)))) for _, window in asked)
