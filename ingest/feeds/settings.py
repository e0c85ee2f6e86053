"""What a search for feeds can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...schema import LinkError
from ..chosen import chosen

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""


@dataclass(frozen=True)
class Settings:
    """All but `device` is part of the result."""

    k: int = 10
    """strongest kept of each neuron, each way and through each projection, 1 to 100"""
    null: bool = True
    """whether shuffled rows are tried as well: as much work again"""
    seed: int = 0
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""

    def __post_init__(self) -> None:
        if not 1 <= self.k <= 100:
            raise LinkError(f"k is {self.k!r}, expected 1 to 100")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises LinkError with the known names."""
        return chosen(cls, given, "the search for feeds", LinkError)
