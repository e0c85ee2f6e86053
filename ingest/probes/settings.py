"""What probing can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from ...schema.errors import FeatureError
from ..chosen import Range, Seed, check_fields, chosen
from ..features.settings import Sampling
from ..subject.dtypes import Dtype, pass_dtype

if TYPE_CHECKING:
    import torch

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

Method = Literal["mean_difference", "f_statistic", "mutual_information", "l1", "random", "adaptive", "optimal"]
METHODS: tuple[Method, ...] = get_args(Method)
"""How the neurons of a k-sparse probe are chosen: by a ranking, by adaptive thresholding, or proven best."""


@dataclass(frozen=True)
class Settings:
    """All but `device` and `batch` is part of the result."""

    ks: Annotated[tuple[int, ...], Range(1, 256)] = tuple(range(1, 9))
    """neurons of the k-sparse probes"""
    methods: tuple[Method, ...] = ("mean_difference", "adaptive")
    """how the neurons of the k-sparse probes are chosen"""
    floor: Annotated[float, Range(0, 1)] = 0.5
    """F1 from which DETECTS is stored, where it is above that of always guessing yes too"""
    most: Annotated[int, Range(1, 10**6)] = 100
    """neurons stored of each feature and layer, at most"""
    grouped: bool = True
    """keep the points of a document on one side of the split; the published split does not, and leaks"""
    control: bool = True
    """do the same in a randomly rotated basis, beside every result: twice the time"""
    points: Annotated[int, Range(10)] = 3000
    """labelled points a feature, at most"""
    tokens: Annotated[int | None, Range(100)] = None
    """tokens that a data set may make the model read; what the data set says, unless given"""
    seed: Seed = 0
    """seed of sample, split, rotation and random ranking"""
    dtype: Dtype = "auto"
    """number format of the forward pass; auto is float32 on a CPU, so that a job is the same one on every machine, and
    bfloat16 on GPUs that multiply it natively"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""
    batch: Annotated[int, Range(1, 4096)] = 16
    """windows a forward pass"""
    nodes: Annotated[int, Range(0, 10**9)] = 3_000
    """steps of branch and bound for one optimal probe; where they run out its gap is reported"""

    def __post_init__(self) -> None:
        check_fields(self, FeatureError)

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
        return pass_dtype(self.dtype, device)
