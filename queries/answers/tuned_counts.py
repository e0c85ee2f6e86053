"""What is counted over all neurons of a base and its fine-tune, once a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...schema import fold
from ..catalogue.query import Reader, query
from .find import WordNull, word_lists
from .link_layers import LayerDrift, LayerShare, Link, layer_drift, layer_shares

LOWEST = 20
"""Neurons of the lowest correlation that are listed."""
CHANCE = 0.3
"""A neuron stands for something of its own where its correlation with another is smaller than this."""


@dataclass(frozen=True)
class WordEnds:
    """A word of a concept's list, and how many ends of rows in the linked layers decode to it in each model."""

    concept: str
    word: str
    base: int
    tuned: int
    base_chance: float | None
    """ends that a random choice of tokens would give; None where the decoding does not say what it ranked"""
    tuned_chance: float | None

    @property
    def weight(self) -> float:
        """The change over the square root of both counts: what the words are sorted by."""
        return abs(self.tuned - self.base) / (self.base + self.tuned) ** 0.5 if self.base + self.tuned else 0.0


@dataclass(frozen=True)
class LowestR:
    """A neuron that does little of what it did in the base."""

    base: str
    tuned: str
    r: float
    """correlation of hidden values on the same text"""
    r_pos: float | None
    r_neg: float | None
    null_r: float
    """with another neuron of the fine-tune's layer"""
    se: float | None
    """standard error of r, from two halves of the text"""


@dataclass(frozen=True)
class TuneCounts:
    """All that looks at every neuron."""

    layers: tuple[LayerShare, ...]
    drift: tuple[LayerDrift, ...]
    lowest: tuple[LowestR, ...]
    """lowest first"""
    words: tuple[WordEnds, ...]
    """of the concepts, those of which the two have not as many ends; the largest change first"""
    looked: int
    """words of the concepts that either has an end of"""

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return asdict(self)

    @classmethod
    def read(cls, held: Mapping[str, Any]) -> TuneCounts:
        """What `as_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return cls(
            tuple(LayerShare(**row) for row in held["layers"]),
            tuple(LayerDrift(**row) for row in held["drift"]),
            tuple(LowestR(**row) for row in held["lowest"]),
            tuple(WordEnds(**row) for row in held["words"]),
            int(held["looked"]),
        )


def count_tuned(reader: Reader, link: Link) -> TuneCounts:
    """Look at every neuron of a link, and at every end that decodes to a concept's word."""
    lowest = query("drift_lowest").run(reader, chance=CHANCE, top=LOWEST, timeout=None, **link.scope).dicts()
    shares = layer_shares(reader, link)
    words, looked = _words(reader, link, shares)
    return TuneCounts(shares, layer_drift(reader, link), tuple(LowestR(**row) for row in lowest), words, looked)


def _words(reader: Reader, link: Link, shares: Sequence[LayerShare]) -> tuple[tuple[WordEnds, ...], int]:
    """The words of which the two have not as many ends, and how many words either has an end of.

    Of the linked layers alone: one of the two may have been decoded in more.
    """
    base, tuned = link.decodings
    if base is None or tuned is None:
        return (), 0
    layers, sides = sorted({share.layer for share in shares}), 2 * sum(share.neurons for share in shares)
    concepts = {name: sorted({fold(word) for word in words} - {""}) for name, words in word_lists().items()}
    terms = sorted({word for words in concepts.values() for word in words})
    nulls = {
        run: {term: replace(null, sides=sides) for term, null in WordNull.each(reader, run, terms).items()}
        for run in (base, tuned)
    }
    ends: dict[tuple[str, str], int] = {}
    for words in concepts.values():
        rows = query("word_ends").run(reader, words=words, runs=[base, tuned], layers=layers, timeout=None).rows
        ends |= {(word, run): count for word, run, count in rows}
    counted = [
        WordEnds(
            concept,
            word,
            *(ends.get((word, run), 0) for run in (base, tuned)),
            *(nulls[run][word].expected(1) if nulls[run] else None for run in (base, tuned)),
        )
        for concept, words in concepts.items()
        for word in words
    ]
    moved = [word for word in counted if word.base != word.tuned]
    order = sorted(moved, key=lambda word: (-word.weight, word.concept, word.word))
    return tuple(order), sum(1 for word in counted if word.base or word.tuned)
