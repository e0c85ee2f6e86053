"""What a match can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ...schema import LinkError
from ..chosen import chosen

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

Matched = Literal["weights", "vocabulary", "tokens", "activation"]
MATCHED: tuple[Matched, ...] = ("weights", "vocabulary", "tokens", "activation")
"""Measures over all pairs of two models' neurons."""
MEASURES = (*MATCHED, "graph", "explanation")
"""All measures."""


@dataclass(frozen=True)
class Settings:
    """All but `device` is part of the result."""

    by: Matched = "weights"
    k: int = 10
    """neighbours kept of each neuron, 1 to 100"""
    draws: int = 1
    """controls, each as much work as the match itself, 0 to 99"""
    positions: int = 20_000
    """places in the text that activations are compared at, at most; for activation alone"""
    seed: int = 0
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""

    def __post_init__(self) -> None:
        if self.by not in MATCHED:
            raise LinkError(f"measure is {self.by!r}, expected one of {', '.join(MATCHED)}")
        for name, low, high in (("k", 1, 100), ("draws", 0, 99), ("positions", 100, 10_000_000)):
            if not low <= getattr(self, name) <= high:
                raise LinkError(f"{name} is {getattr(self, name)!r}, expected {low} to {high}")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises LinkError with the known names."""
        return chosen(cls, given, "the match", LinkError)
