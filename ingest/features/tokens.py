"""Texts to token windows that know which characters each token writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...schema import FeatureError, ModelError
from ..corpus.tokenizer import Ints, Tokenizer

_TEXTS = 256
"""Texts tokenised at a time."""


@dataclass(frozen=True)
class Encoded:
    """The tokens of one text, `[n]` each, without BOS."""

    tokens: Ints
    starts: npt.NDArray[np.int64]
    """first character that a token writes, white space before a word apart; ascending"""
    ends: npt.NDArray[np.int64]
    """the character after its last, white space behind a word apart; ascending"""


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> Iterator[Encoded]:
    """The tokens of each text with the characters they write. Raises ModelError where the tokenizer cannot tell."""
    if not getattr(tokenizer.tokenizer, "is_fast", False):
        raise ModelError("labels need a tokenizer that tells characters; expected one with a tokenizer.json")
    for at in range(0, len(texts), _TEXTS):
        batch = list(texts[at : at + _TEXTS])
        found = tokenizer.tokenizer(
            batch,
            add_special_tokens=False,
            return_attention_mask=False,
            return_token_type_ids=False,
            return_offsets_mapping=True,
            verbose=False,
        )
        rows = zip(batch, found["input_ids"], found["offset_mapping"], strict=True)
        yield from (_encoded(text, ids, offsets) for text, ids, offsets in rows)


def _encoded(text: str, ids: Sequence[int], offsets: Sequence[tuple[int, int]]) -> Encoded:
    starts, ends = np.array(offsets, np.int64).reshape(-1, 2).T
    for number, (start, end) in enumerate(offsets):
        written = text[start:end]
        if word := written.strip():
            starts[number] = start + written.index(word)
            ends[number] = starts[number] + len(word)
    # A token that writes nothing, such as a piece of a character, stands where the one before it does.
    return Encoded(np.asarray(ids, np.int32), np.maximum.accumulate(starts), np.maximum.accumulate(ends))


@dataclass(frozen=True)
class TextWindows:
    """Windows of texts, in the order of the texts."""

    tokens: Ints
    """`[n_windows, length]`, BOS first where the model has one, padded behind `lengths`"""
    lengths: Ints
    """`[n_windows]` tokens, BOS included"""
    text: Ints
    """`[n_windows]` number of the window's text"""
    first: Ints
    """`[n_texts]` number of a text's first window"""


def cut(texts: Sequence[Ints], length: int, bos: int | None, one: bool) -> TextWindows:
    """Consecutive windows of each text, the last one padded; with `one` only the first of each.

    Raises FeatureError where there are no tokens at all.
    """
    body = length - (bos is not None)
    counts = [(len(tokens) > 0) if one else -(-len(tokens) // body) for tokens in texts]
    n = int(sum(counts))
    if not n:
        raise FeatureError("no text has a token; expected longer texts")
    tokens = np.zeros((n, length), np.int32)
    lengths = np.zeros(n, np.int32)
    row = 0
    for text, count in zip(texts, counts, strict=True):
        for part in range(count):
            piece = text[part * body : (part + 1) * body]
            whole = piece if bos is None else np.concatenate([np.array([bos], np.int32), piece])
            tokens[row, : len(whole)] = whole
            lengths[row] = len(whole)
            row += 1
    firsts = np.cumsum([0, *counts])[:-1].astype(np.int32)
    return TextWindows(tokens, lengths, np.repeat(np.arange(len(texts), dtype=np.int32), counts), firsts)
