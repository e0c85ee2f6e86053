"""What a search for feeds can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ...schema.errors import LinkError
from ..chosen import Range, Seed, check_fields, chosen

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""


@dataclass(frozen=True)
class Settings:
    """All but `device` is part of the result."""

    k: Annotated[int, Range(1, 100)] = 10
    """strongest kept of each neuron, each way and through each projection"""
    null: bool = True
    """try shuffled rows as well, which is as much work again"""
    seed: Seed = 0
    """seed of the shuffled rows"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""

    def __post_init__(self) -> None:
        check_fields(self, LinkError)

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises LinkError with the known names."""
        return chosen(cls, given, "the search for feeds", LinkError)
