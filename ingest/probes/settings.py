"""What probing can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from ...schema import FeatureError, ModelError
from ..chosen import chosen
from ..features.sampling import Sampling
from ..products import quick_bf16
from ..subject.live import DTYPES

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

METHODS = ("mean_difference", "f_statistic", "mutual_information", "l1", "random", "adaptive", "optimal")
"""How the neurons of a k-sparse probe are chosen: by a ranking, by adaptive thresholding, or proven best."""


@dataclass(frozen=True)
class Settings:
    """All but `device` and `batch` is part of the result."""

    ks: tuple[int, ...] = tuple(range(1, 9))
    """neurons of the k-sparse probes, each 1 to 256"""
    methods: tuple[str, ...] = ("mean_difference", "adaptive")
    floor: float = 0.5
    """F1 from which DETECTS is stored, where it is above that of always guessing yes too; 0 to 1"""
    most: int = 100
    """neurons stored of each feature and layer, at most"""
    grouped: bool = True
    """points of a document on one side of the split; False is the published split, which leaks"""
    control: bool = True
    """the same in a randomly rotated basis beside every result"""
    points: int = 3000
    """labelled points a feature, at most"""
    tokens: int | None = None
    """tokens that a data set may make the model read; what the data set says, unless given"""
    seed: int = 0
    """of sample, split, rotation and random ranking"""
    dtype: str = "auto"
    """of the forward pass; auto is float32 on a CPU, so that a job is the same one on every machine, and bfloat16 on
    GPUs that multiply it natively"""
    device: str = "auto"
    batch: int = 16
    """windows a forward pass"""
    nodes: int = 3_000
    """of branch and bound that the search for one optimal probe may take, after which its gap is reported"""

    def __post_init__(self) -> None:
        for k in self.ks:
            if not 1 <= k <= 256:
                raise FeatureError(f"k is {k!r}, expected 1 to 256 neurons")
        for method in self.methods:
            if method not in METHODS:
                raise FeatureError(f"unknown method {method!r}; known: {', '.join(METHODS)}")
        for name, low, high in (("floor", 0, 1), ("most", 1, 10**6), ("batch", 1, 4096), ("nodes", 0, 10**9)):
            if not low <= getattr(self, name) <= high:
                raise FeatureError(f"{name} is {getattr(self, name)!r}, expected {low} to {high}")
        if self.dtype != "auto" and self.dtype not in DTYPES:
            raise ModelError(f"dtype is {self.dtype!r}, expected auto, {', '.join(DTYPES)}")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises FeatureError with the known names."""
        return chosen(cls, given, "probing", FeatureError)

    @property
    def sampling(self) -> Sampling:
        """How labels are sampled."""
        return Sampling(points=self.points, tokens=self.tokens, seed=self.seed)

    def dtype_on(self, device: torch.device) -> str:
        """The dtype that `auto` means on a device."""
        if self.dtype != "auto":
            return self.dtype
        return "bfloat16" if device.type == "cuda" and quick_bf16(device) else "float32"
