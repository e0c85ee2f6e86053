"""The same text in the tokens of two models, and the places where both have read the same characters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...schema import LinkError
from ..corpus.tokenizer import Tokenizer

CHARACTERS = 400
"""A passage's length, about: it is cut at white space."""
CONTEXT = 256
"""Tokens of a passage at most."""


@dataclass(frozen=True)
class Passage:
    """One stretch of text for both models."""

    tokens: tuple[tuple[int, ...], tuple[int, ...]]
    """token numbers by model, BOS first where the model has one"""
    places: tuple[tuple[int, ...], tuple[int, ...]]
    """positions by model, side by side: tokens that end at the same character, ascending"""


@dataclass(frozen=True)
class SharedText:
    """Passages with as many aligned places as were asked for, or as there are."""

    passages: tuple[Passage, ...]
    hash: str
    """of both models' tokens and places"""
    tails: bool = True
    """whether the ends of stretches are there that are longer than a model reads at once"""
    name: str | None = None
    """what its sources are called"""

    @property
    def positions(self) -> int:
        """Aligned places over all passages."""
        return sum(len(passage.places[0]) for passage in self.passages)

    @classmethod
    def of(cls, texts: Iterable[str], one: Tokenizer, two: Tokenizer, most: int, tails: bool = True) -> SharedText:
        """Passages of `texts` in their order; of a stretch of more tokens than a model reads at once, all parts with
        `tails`, else the first. Raises LinkError where nothing aligns, or a tokenizer is a slow one."""
        found: list[Passage] = []
        left = most
        for text in texts:
            stretches = pieces(text)
            for part in (fit for each in stretches for fit in fitting(each, one, two)) if tails else stretches:
                passage = align(part, one, two, left)
                if passage is not None:
                    found.append(passage)
                    left -= len(passage.places[0])
            if left <= 0:
                break
        if sum(len(passage.places[0]) for passage in found) < 2:
            raise LinkError("the text has no places at which both models end a token; give more text")
        whole = hashlib.sha256(repr([(p.tokens, p.places) for p in found]).encode())
        return cls(tuple(found), whole.hexdigest(), tails)


def pieces(text: str) -> Iterator[str]:
    """A text in stretches of about CHARACTERS characters, cut before white space."""
    at = 0
    while at < len(text):
        end = at + CHARACTERS
        while end < len(text) and not text[end].isspace():
            end += 1
        yield text[at:end]
        at = end


def fitting(text: str, *tokenizers: Tokenizer) -> Iterator[str]:
    """A stretch in halves, and those in halves, until every model can read each part whole: no end is lost."""
    if len(text) < 2 or all(len(each.encode([text])[0]) <= _room(each) for each in tokenizers):
        yield text
        return
    blank = text.rfind(" ", 1, len(text) // 2 + 1)
    middle = blank if blank > 0 else len(text) // 2
    for half in (text[:middle], text[middle:]):
        yield from fitting(half, *tokenizers)


def align(text: str, one: Tokenizer, two: Tokenizer, most: int) -> Passage | None:
    """Both models' tokens of a text, and the places, `most` at most, where tokens end at the same character.

    A model at such a place has read the same characters as the other. Of several tokens that end there (bytes of one
    character) the last one counts. None where there is no such place.
    """
    if most <= 0:
        return None
    read = [_read(text, tokenizer) for tokenizer in (one, two)]
    shared = sorted(read[0][1].keys() & read[1][1].keys())[:most]
    if not shared:
        return None
    tokens = read[0][0], read[1][0]
    places = tuple(read[0][1][end] for end in shared), tuple(read[1][1][end] for end in shared)
    return Passage(tokens, places)


def _room(tokenizer: Tokenizer) -> int:
    """Tokens of a passage that a model reads at most, BOS aside."""
    return min(CONTEXT, tokenizer.context or CONTEXT) - (tokenizer.bos is not None)


def _read(text: str, tokenizer: Tokenizer) -> tuple[tuple[int, ...], dict[int, int]]:
    """Token numbers, and the last position that ends at each character offset."""
    if not getattr(tokenizer.tokenizer, "is_fast", False):
        raise LinkError("a tokenizer without tokenizer.json does not say where its tokens lie; activation needs that")
    found = tokenizer.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ids: Sequence[int] = found["input_ids"]
    first = [] if tokenizer.bos is None else [tokenizer.bos]
    limit = _room(tokenizer)
    # A model has no embedding for numbers beyond its vocabulary: the passage ends before one.
    stop = next((place for place, number in enumerate(ids[:limit]) if number >= tokenizer.d_vocab), limit)
    offsets = enumerate(found["offset_mapping"][:stop])
    return (*first, *ids[:stop]), {end: place + len(first) for place, (start, end) in offsets if end > start}
