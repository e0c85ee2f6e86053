"""How much of a data set of labelled texts can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ...schema.errors import FeatureError
from ..chosen import ADVANCED, Range, Seed, check_fields, chosen


@dataclass(frozen=True)
class Sampling:
    """How much of a data set is used."""

    points: Annotated[int, Range(10)] = 3000
    """labelled points a feature, at most"""
    tokens: Annotated[int | None, Range(100)] = None
    """tokens that a data set may make the model read; what the data set says, unless given"""
    seed: Seed = 0
    """seed of the sample"""
    groups: Annotated[int, Range(1), ADVANCED] = 30
    """with fewer positive groups a feature is reported as untestable"""
    read: Annotated[int, Range(100), ADVANCED] = 2_000_000
    """tokens looked through for labels, at most; a larger data set is sampled"""

    def __post_init__(self) -> None:
        check_fields(self, FeatureError)

    @classmethod
    def of(cls, given: Mapping[str, Any] | Sampling | None) -> Sampling:
        """From a mapping of some of the fields. Raises FeatureError with the known names."""
        return chosen(cls, given, "a sample of labels", FeatureError)
