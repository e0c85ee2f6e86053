"""What a match can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from ...schema.errors import LinkError
from ..chosen import Range, Seed, check_fields, chosen

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

Matched = Literal["weights", "vocabulary", "tokens", "activation"]
MATCHED: tuple[Matched, ...] = get_args(Matched)
"""Measures over all pairs of two models' neurons."""
MEASURES = (*MATCHED, "graph", "explanation")
"""All measures."""


@dataclass(frozen=True)
class Settings:
    """All but `device` is part of the result."""

    by: Matched = "weights"
    """measure that the neurons are compared by"""
    k: Annotated[int, Range(1, 100)] = 10
    """neighbours kept of each neuron"""
    draws: Annotated[int, Range(0, 99)] = 1
    """controls, each as much work as the match; with 19 a claim about any one pair is wrong at most once in 20"""
    positions: Annotated[int, Range(100, 10_000_000)] = 20_000
    """places in the text that activations are compared at, at most; for activation alone"""
    seed: Seed = 0
    """seed of the controls"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""

    def __post_init__(self) -> None:
        check_fields(self, LinkError)

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises LinkError with the known names."""
        return chosen(cls, given, "the match", LinkError)
