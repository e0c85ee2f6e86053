"""What a decoding can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from ...schema.errors import ModelError
from ..chosen import ADVANCED, Range, check_fields, chosen

Convention = Literal["folded", "raw"]
CONVENTIONS: tuple[Convention, ...] = get_args(Convention)

Precision = Literal["auto", "int8", "bf16", "fp32"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

METHOD = 2
"""Raised when the same weights and settings would give other results; part of the run's identity."""

MASK = "v1: special, byte, unused, untrained"
"""The rule that leaves tokens out of the ranking; part of the run's identity."""


@dataclass(frozen=True)
class Settings:
    """How rows are decoded. `k`, `convention` and `all_tokens` are part of the result; the rest is speed."""

    k: Annotated[int, Range(1, 1000)] = 10
    """tokens kept of each end"""
    convention: Convention = "raw"
    """the rows as stored (raw, whose tokens are the more coherent ones), or with the norm gains folded in"""
    all_tokens: bool = False
    """rank special, byte, unused and never-trained tokens too"""
    statistics: Annotated[bool, ADVANCED] = True
    """work out moments, logsumexp and entropy; without them norm, mean and std are kept, and no probabilities"""
    precision: Annotated[Precision, ADVANCED] = "auto"
    """format of the candidate product; auto is the one measured to be quickest here, and the top k are exact in each"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""
    buffer: Annotated[int, Range(1, 2**40), ADVANCED] = 144 * 2**20
    """bytes of scores that each worker holds at a time"""

    def __post_init__(self) -> None:
        check_fields(self, ModelError)

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "the LM-head decoding")
