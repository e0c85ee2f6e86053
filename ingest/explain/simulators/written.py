"""The model writes the values down: no probabilities needed, and nothing it says is taken on trust."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from ...llm.client import Client, Prompt
from .one_at_a_time import Style
from .prompts import rewriting, rewriting_text, shown
from .simulator import AskedSimulator, Expected, Window

_LINE = re.compile(r"^(?P<token>.*?)[\t ]+(?P<value>-?\d+(?:\.\d+)?)[\t ]*$")
_AHEAD = 8
"""Lines that the model may leave out before it is lost."""
_LINE_TOKENS = 12
"""Most tokens that a line of the answer takes: what is left over is cut."""

MISSING = "token left out of the reply"
OUTSIDE = "value outside 0 to 10"


class Written(AskedSimulator):
    """Asks the model to write every line again with its value (Bills et al. 2023 call it logprob-free)."""

    def __init__(self, client: Client, style: Style = "chat", *, temperature: float = 0.0, seed: int = 0) -> None:
        super().__init__(client)
        self._style = style
        self._temperature, self._seed = temperature, seed

    @property
    def id(self) -> str:
        """As Simulator's."""
        return f"written/{self._style}/{self._client.id}"

    def _expected(self, asked: Sequence[tuple[str, Window]]) -> Iterator[Expected]:
        ask = rewriting if self._style == "chat" else rewriting_text
        prompts: list[Prompt] = [ask(*one) for one in asked]
        room = _LINE_TOKENS * max((len(window) for _, window in asked), default=0)
        answers = self._client.complete(
            prompts, max_tokens=room, temperature=self._temperature, seed=self._seed, stop=("\n\n",)
        )
        for answer, (_, window) in zip(answers, asked, strict=True):
            if answer.text is None:
                self._failures[answer.failure or "no answer"] += len(window)
                yield np.full(len(window), np.nan)
            else:
                yield read(answer.text, window, self._failures)


def read(reply: str, window: Window, failures: Counter[str]) -> Expected:
    """The values in a reply, `[n_tokens]`; NaN, and counted, where it has none that can be believed.

    Lines are matched to the tokens in order. A line may lack the space before its token, or be left out, or be no
    line of the text at all.
    """
    found, at = np.full(len(window), np.nan), 0
    keys = [shown(token).strip() for token in window]
    for line in reply.splitlines():
        match = _LINE.match(line) or _LINE.match(f" {line}")
        if match is None:
            continue
        key = match["token"].strip()
        place = next((i for i in range(at, min(len(keys), at + _AHEAD)) if keys[i] == key), None)
        if place is None:
            continue
        at = place + 1
        value = float(match["value"])
        if 0 <= value <= 10:
            found[place] = value
        else:
            failures[OUTSIDE] += 1
            found[place] = np.inf
    missing = int(np.isnan(found).sum())
    if missing:
        failures[MISSING] += missing
    return np.where(np.isfinite(found), found, np.nan)
