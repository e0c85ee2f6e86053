"""One labelled text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Span:
    """A stretch of a text and what it is named."""

    start: int
    """first character, in code points"""
    end: int
    """the character after the last"""
    names: tuple[str, ...]
    """the features it has, and whatever else negatives are told by"""


@dataclass(frozen=True)
class Record:
    """A text with labels of the whole (`labels`), of stretches (`spans`), or none where a rule on tokens labels it."""

    text: str
    group: str
    """document, or section that is there in several languages: one group is never on both sides of a split"""
    labels: Mapping[str, bool] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
