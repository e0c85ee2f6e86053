"""What a corpus pass can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ...schema import ModelError
from ..chosen import chosen
from ..products import quick_bf16
from ..subject.live import DTYPES

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

BANDS = ((0.0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 0.999))
"""Quantile bands of a neuron's window maxima (OpenAI's neuron explainer, 2023)."""


@dataclass(frozen=True)
class Settings:
    """All but `batch`, `device` and `every` is part of the result."""

    k: int = 20
    """strongest windows kept of each neuron and pole, at most one of a document, 1 to 100"""
    per_band: int = 2
    """random windows of each quantile band, 0 to 20"""
    tokens: int = 20
    """tokens stored of each neuron and pole, 0 to 100"""
    least: int = 8
    """times a token must have been seen to be in the token table"""
    table_bytes: int = 2**30
    """memory of the token table, which decides how many of the most frequent tokens it holds"""
    roles: bool = False
    """statistics by the role in whose turn of a chat a token stands; needs a corpus with roles"""
    dtype: str = "auto"
    """of the forward pass; auto is float32 on a CPU, so that a job is the same one on every machine, and bfloat16 on
    GPUs that multiply it natively"""
    seed: int = 0
    """of the random windows"""
    device: str = "auto"
    batch: int = 16
    """windows a forward pass"""
    every: int = 1024
    """windows between two saved states: what an interruption loses at most"""

    def __post_init__(self) -> None:
        for name, low, high in (("k", 1, 100), ("per_band", 0, 20), ("tokens", 0, 100), ("batch", 1, 4096)):
            if not low <= getattr(self, name) <= high:
                raise ModelError(f"{name} is {getattr(self, name)!r}, expected {low} to {high}")
        if self.dtype != "auto" and self.dtype not in DTYPES:
            raise ModelError(f"dtype is {self.dtype!r}, expected auto, {', '.join(DTYPES)}")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "the corpus pass")

    def dtype_on(self, device: torch.device) -> str:
        """The dtype that `auto` means on a device."""
        if self.dtype != "auto":
            return self.dtype
        return "bfloat16" if device.type == "cuda" and quick_bf16(device) else "float32"
