"""What a decoding can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...schema import ModelError
from ..chosen import chosen
from .convention import CONVENTIONS, Convention
from .precision import PRECISIONS, Precision

METHOD = 2
"""Raised when the same weights and settings would give other results; part of the run's identity."""

MASK = "v1: special, byte, unused, untrained"
"""The rule that leaves tokens out of the ranking; part of the run's identity."""


@dataclass(frozen=True)
class Settings:
    """How rows are decoded. `k`, `convention` and `all_tokens` are part of the result; the rest is speed."""

    k: int = 10
    """tokens kept of each end, 1 to 1000"""
    convention: Convention = "raw"
    """raw by default: its tokens are the more coherent ones, against shuffled rows (docs/lm_head.md)"""
    all_tokens: bool = False
    """rank special, byte, unused and untrained tokens too"""
    statistics: bool = True
    """moments, logsumexp and entropy; without them Stats keeps norm, mean and std, and probabilities stay NaN"""
    precision: Precision = "auto"
    """format of the candidate product: the one measured to be quickest here; the top k are exact in each"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""
    buffer: int = 144 * 2**20
    """bytes of scores that each worker holds at a time"""

    def __post_init__(self) -> None:
        if not 1 <= self.k <= 1000:
            raise ModelError(f"k is {self.k!r}, expected 1 to 1000 tokens")
        for name, value, known in (
            ("convention", self.convention, CONVENTIONS),
            ("precision", self.precision, PRECISIONS),
        ):
            if value not in known:
                raise ModelError(f"{name} is {value!r}, expected one of {', '.join(known)}")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "the LM-head decoding")
