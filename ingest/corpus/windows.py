"""Cuts tokenised documents into windows; the last of a document is padded, or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...schema import CorpusError, ModelError
from .settings import Settings
from .tokenizer import Ints, Tokenizer

PAD = -1
"""Stands behind the end of a window that is cut: no token, so that no text holds it."""


@dataclass(frozen=True)
class Windows:
    """Windows in the order of their documents."""

    tokens: Ints
    """`[n_windows, length]`, BOS first where windows have one, PAD behind `lengths`"""
    lengths: Ints
    """`[n_windows]` tokens, BOS included"""
    document: Ints
    """`[n_windows]` number of the document"""
    offset: Ints
    """`[n_windows]` position in its document of the window's first token that is not the added BOS"""
    lost: int
    """tokens of the last pieces that were too short for a window; 0 with tails"""
    short: int
    """documents without a window: with tails, those without a token"""

    def __len__(self) -> int:
        return len(self.tokens)


def check_length(settings: Settings, tokenizer: Tokenizer) -> None:
    """Raises ModelError where a window is longer than the model's context."""
    if tokenizer.context is not None and settings.length > tokenizer.context:
        raise ModelError(
            f"a window of {settings.length} tokens is longer than the model's context of {tokenizer.context}; "
            f"choose a length of {tokenizer.context} or less"
        )


def window_bos(settings: Settings, tokenizer: Tokenizer) -> int | None:
    """The token that every window starts with, or None.

    Raises CorpusError where windows are to start with BOS and the tokenizer has none.
    """
    if settings.bos == "window" and tokenizer.bos is None:
        raise CorpusError("bos is 'window' and the tokenizer has no BOS token; choose bos='none'")
    return None if settings.bos == "none" else tokenizer.bos


def cut(documents: Sequence[Ints], first: int, length: int, bos: int | None, tails: bool = True) -> Windows:
    """Consecutive windows of `length` tokens of each document; the last is as long as what is left, and padded.

    Every token of every document is in one window; without `tails`, what is left is in none. `documents` are token
    numbers, `first` the number of the first of them. With `bos` every window starts with it and takes `length - 1`
    tokens from its document.
    """
    with_bos = int(bos is not None)
    body = length - with_bos
    sizes = np.array([len(tokens) for tokens in documents], np.int64)
    counts = -(-sizes // body) if tails else sizes // body
    kept = np.minimum(sizes, counts * body)
    last = np.cumsum(counts) - 1
    lengths = np.full(int(counts.sum()), body, np.int64)
    full = counts > 0
    lengths[last[full]] -= (counts * body - kept)[full]
    tokens = np.full((len(lengths), length), PAD, np.int32)
    # True row by row from its start, so the documents' tokens fall into their places in order.
    inside = np.arange(body) < lengths[:, None]
    tokens[:, with_bos:][inside] = np.concatenate(
        [np.empty(0, np.int32), *(tokens[:n] for tokens, n in zip(documents, kept, strict=True))]
    )
    if bos is not None:
        tokens[:, 0] = bos
    starts = np.repeat(last + 1 - counts, counts)
    return Windows(
        tokens,
        (lengths + with_bos).astype(np.int32),
        np.repeat(np.arange(first, first + len(documents), dtype=np.int32), counts),
        ((np.arange(len(tokens)) - starts) * body).astype(np.int32),
        int((sizes - kept).sum()),
        int((~full).sum()),
    )
