"""What every simulator is to those that score with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ...llm.client import Client

Window = Sequence[str]
"""A window's tokens as texts, whose concatenation is the text"""

Expected = npt.NDArray[np.float64]
"""`[n_tokens]`: expected activation 0 to 10; NaN where the simulator gave none, never 0 in its place"""


class Simulator(Protocol):
    """Predicts a neuron's activations from the words of its explanation."""

    @property
    def id(self) -> str:
        """What scores call it: the model and the way it is asked."""

    @property
    def failures(self) -> Mapping[str, int]:
        """Tokens without an answer so far, by reason."""

    def simulate(self, explanation: str, windows: Sequence[Window]) -> list[Expected]:
        """Expected activation of every token of every window."""

    def simulate_many(self, asked: Sequence[tuple[str, Sequence[Window]]]) -> list[list[Expected]]:
        """The same for many explanations, each on windows of its own, together."""


class AskedSimulator(ABC):
    """A simulator that asks a language model: whose windows its answers are, and what it failed at."""

    def __init__(self, client: Client) -> None:
        self._client, self._failures = client, Counter[str]()

    @property
    def failures(self) -> Mapping[str, int]:
        """As Simulator's."""
        return self._failures

    def simulate(self, explanation: str, windows: Sequence[Window]) -> list[Expected]:
        """As Simulator's."""
        return self.simulate_many([(explanation, windows)])[0]

    def simulate_many(self, asked: Sequence[tuple[str, Sequence[Window]]]) -> list[list[Expected]]:
        """As Simulator's."""
        each = iter(self._expected([(explanation, window) for explanation, windows in asked for window in windows]))
        return [list(islice(each, len(windows))) for _, windows in asked]

    @abstractmethod
    def _expected(self, asked: Sequence[tuple[str, Window]]) -> Iterable[Expected]:
        """Expected activation of every token of each window."""
