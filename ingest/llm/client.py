"""What every language model is to those that ask it: texts completed, and how likely given texts are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: Role
    text: str


Prompt = str | tuple[Message, ...]
"""A plain text, gone on with; or a conversation, answered. One that ends in an assistant's turn is gone on with there,
by servers that can."""

Ability = Literal["continuations", "slots"]
"""continuations: log-probabilities of given continuations. slots: the same inside a text, all places in one pass."""


@dataclass(frozen=True)
class Completion:
    """An answer, or why there is none."""

    text: str | None
    failure: str | None = None
    """why there is no text, in one line"""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cut: bool = False
    """whether it ended because `max_tokens` was reached"""


@dataclass(frozen=True)
class Scores:
    """How likely given continuations are, or why that is not known."""

    logs: npt.NDArray[np.float64] | None
    """log-probabilities, nats, `[n_continuations]`, or `[n_slots, n_continuations]`; -inf where the model gave none"""
    failure: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Slots:
    """A text and the places in it where a continuation is asked for."""

    text: str
    at: tuple[int, ...]
    """character offsets: what stands before one is the context, what stands after it is not seen"""


@dataclass
class Usage:
    """What was asked of a model so far."""

    requests: int = 0
    """prompts that the model was asked"""
    cached: int = 0
    """prompts whose answer was known already"""
    failures: int = 0
    """prompts without an answer"""
    retries: int = 0
    """requests sent again"""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    """in the currency of the prices given; None without prices"""
    reasons: dict[str, int] = field(default_factory=dict)
    """how often each failure was met"""

    def count(self, answer: Completion | Scores) -> None:
        """One more prompt that the model was asked."""
        self.requests += 1
        self.prompt_tokens += answer.prompt_tokens
        self.completion_tokens += answer.completion_tokens
        if answer.failure is not None:
            self.failures += 1
            self.reasons[answer.failure] = self.reasons.get(answer.failure, 0) + 1


Answered = Callable[[int, Completion], None]
"""Told each answer as it comes, with its prompt's number. What it raises ends the asking once the answers that are
under way have been told too."""
Scored = Callable[[int, Scores], None]


class Client(Protocol):
    """A language model. Results are in the order of the prompts; a prompt that fails has a failure as its result.

    What makes every further prompt pointless (a refused key, an unknown model, a server gone, a budget spent) is
    raised as LanguageModelError.
    """

    @property
    def id(self) -> str:
        """What evidence calls it."""

    @property
    def fingerprint(self) -> str:
        """Everything beside the prompt that decides its answers: server and model, or weights and dtype."""

    @property
    def abilities(self) -> Collection[Ability]:
        """What it can do beside completing."""

    @property
    def usage(self) -> Usage:
        """What was asked of it so far."""

    def complete(
        self,
        prompts: Sequence[Prompt],
        *,
        max_tokens: int = 64,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        seed: int = 0,
        each: Answered | None = None,
    ) -> list[Completion]:
        """The model's text after each prompt, up to the first of `stop`, which is left out."""

    def continuation_logs(
        self, prompts: Sequence[Prompt], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """Log-probability of each continuation after each prompt, `[n_continuations]`.

        Where one continuation begins another ("1" and "10"), the shorter counts without the longer. -inf is one that
        the server did not list among the likeliest.
        """

    def slot_logs(
        self, texts: Sequence[Slots], continuations: Sequence[str], *, each: Scored | None = None
    ) -> list[Scores]:
        """The same at every slot of each text, `[n_slots, n_continuations]`, in one pass a text."""

    def close(self) -> None:
        """Give back what it holds."""
