"""Candidates for each side, written by a language model."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..llm.client import Client, Prompt
from .answers import read_explanation
from .known import Known
from .prompts import question
from .settings import Method, Settings

STOP = "\n"


@dataclass(frozen=True)
class Candidate:
    """One explanation, and how it was asked for."""

    text: str
    method: Method


@dataclass
class Explainer:
    """Asks a model what sides do."""

    client: Client
    settings: Settings
    base: bool
    """whether the model only continues text"""
    failures: Counter[str] = field(default_factory=Counter)
    """answers that are no explanation, by reason"""
    asked: int = 0

    def explain(
        self, sides: Sequence[Known], told: Callable[[int, int], None] = lambda done, total: None
    ) -> list[list[Candidate]]:
        """The candidates of each side, each text once, those of the first methods first."""
        where: list[tuple[int, Method]] = []
        prompts: list[Prompt] = []
        for number, known in enumerate(sides):
            for method in self.settings.methods:
                prompt = question(known, method, self.base)
                if prompt is not None:
                    where.append((number, method))
                    prompts.append(prompt)
        found: list[list[Candidate]] = [[] for _ in sides]
        total = len(prompts) * self.settings.candidates
        for sample in range(self.settings.candidates):
            answered = sample * len(prompts)

            count = itertools.count(answered + 1)

            def each(number: int, answer: object, count: Iterator[int] = count) -> None:
                told(next(count), total)

            answers = self.client.complete(
                prompts,
                max_tokens=24 if self.base else 80,
                temperature=self.settings.temperature if sample else 0.0,
                stop=(STOP,) if self.base else (),
                seed=self.settings.seed + sample,
                each=each,
            )
            for (number, method), answer in zip(where, answers, strict=True):
                self.asked += 1
                text, reason = read_explanation(answer.text, self.base)
                if text is None:
                    self.failures[answer.failure or reason] += 1
                elif all(text != held.text for held in found[number]):
                    found[number].append(Candidate(text, method))
        return found
