"""What a search answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from .sources import Kind

Evidence = Kind | Literal["word"]
"""Kinds that are searched by meaning, and `word`: a word of the query that stands in the evidence as it is."""
EVIDENCE: tuple[Evidence, ...] = (*get_args(Kind), "word")


@dataclass(frozen=True)
class Reason:
    """Why a neuron was found: its best row of one kind of evidence."""

    evidence: Evidence
    rank: int
    """among the neurons that this evidence found; 1 is the nearest"""
    cosine: float | None = None
    null: float | None = None
    """what one in a thousand reach by luck: signatures of shuffled words; for texts, single words asked instead"""
    by_chance: float | None = None
    """sides that would be as near if the run's words were shuffled; None for texts"""
    projection: str | None = None
    pole: int | None = None
    run: str | None = None
    words: tuple[str, ...] = ()
    """those that bring the side nearest to the query, or those that were typed"""
    text: str | None = None
    """the explanation, or the feature's name with F1"""


@dataclass(frozen=True)
class Hit:
    """One neuron or latent."""

    unit: str
    model: str | None
    layer: int | None
    score: float
    """sum over its evidence of 1 / (60 + rank)"""
    reasons: tuple[Reason, ...]
    """best rank first"""


@dataclass(frozen=True)
class Found:
    """The answer to a search."""

    text: str
    hits: tuple[Hit, ...]
    embedder: str
    ways: dict[str, str]
    """how each kind of evidence was searched, and over how much"""
    behind: int = 0
    """rows of evidence that were not searched by meaning, for they are not in the matrix yet"""
