"""What a corpus pass can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from ...schema.errors import ModelError
from ..chosen import ADVANCED, Range, Seed, check_fields, chosen
from ..subject.dtypes import Dtype, pass_dtype

if TYPE_CHECKING:
    import torch

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

BANDS = ((0.0, 0.5), (0.5, 0.9), (0.9, 0.99), (0.99, 0.999))
"""Quantile bands of a neuron's window maxima (OpenAI's neuron explainer, 2023)."""


@dataclass(frozen=True)
class Settings:
    """All but `batch`, `device` and `every` is part of the result."""

    k: Annotated[int, Range(1, 100)] = 20
    """strongest windows kept of each neuron and pole, at most one of a document"""
    per_band: Annotated[int, Range(0, 20)] = 2
    """random windows of each quantile band"""
    tokens: Annotated[int, Range(0, 100)] = 20
    """tokens kept of each neuron and pole"""
    least: Annotated[int, Range(0, 10**9), ADVANCED] = 8
    """times a token must have been seen to be in the token table"""
    table_bytes: Annotated[int, Range(0, 2**50), ADVANCED] = 2**30
    """memory of the token table in bytes, which decides how many of the most frequent tokens it holds"""
    roles: bool = False
    """of chats, statistics by role too (user, assistant, system, template and so on); needs a corpus with roles"""
    dtype: Dtype = "auto"
    """number format of the forward pass; auto is float32 on a CPU, so that a job is the same one on every machine, and
    bfloat16 on GPUs that multiply it natively"""
    seed: Seed = 0
    """seed of the random windows"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""
    batch: Annotated[int, Range(1, 4096)] = 16
    """windows a forward pass"""
    every: Annotated[int, Range(1, 10**9), ADVANCED] = 1024
    """windows between two saved states, which is what an interruption loses at most"""

    def __post_init__(self) -> None:
        check_fields(self, ModelError)

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "the corpus pass")

    def dtype_on(self, device: torch.device) -> str:
        """The dtype that `auto` means on a device."""
        return pass_dtype(self.dtype, device)
