"""Words of a text with their grammar, whoever analysed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Word:
    """One word: characters `start` to `end` of its text."""

    start: int
    end: int
    upos: str
    """universal part of speech, such as NOUN"""
    dep: str
    """relation to its head, such as nsubj"""
    feats: Mapping[str, str] = field(default_factory=dict)
    """morphology, such as Tense: Past"""
    ends: bool = False
    """the last of its sentence"""
    passive: bool = False
    """a verb in the passive"""


@dataclass(frozen=True)
class Analysed:
    """A text and its words."""

    text: str
    group: str
    words: tuple[Word, ...]
