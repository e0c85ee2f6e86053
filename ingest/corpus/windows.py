"""Cuts tokenised documents into windows of one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...schema import CorpusError, ModelError
from .settings import Settings
from .tokenizer import Ints, Tokenizer


@dataclass(frozen=True)
class Windows:
    """Windows in the order of their documents."""

    tokens: Ints
    """`[n_windows, length]`, BOS first where windows have one"""
    document: Ints
    """`[n_windows]` number of the document"""
    offset: Ints
    """`[n_windows]` position in its document of the window's first token that is not the added BOS"""
    lost: int
    """tokens of the last pieces that were too short for a window"""
    short: int
    """documents that are no window long"""

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


def cut(documents: Sequence[Ints], first: int, length: int, bos: int | None) -> Windows:
    """Consecutive windows of `length` tokens of each document; nothing is padded, and the rest of a document is lost.

    `documents` are token numbers, `first` the number of the first of them. With `bos` every window starts with it
    and takes `length - 1` tokens from its document.
    """
    body = length - (bos is not None)
    counts = np.array([len(tokens) // body for tokens in documents], np.int32)
    pieces = [tokens[: n * body].reshape(n, body) for tokens, n in zip(documents, counts, strict=True)]
    tokens = np.concatenate([np.empty((0, body), np.int32), *pieces])
    if bos is not None:
        tokens = np.concatenate([np.full((len(tokens), 1), bos, np.int32), tokens], axis=1)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    return Windows(
        tokens,
        np.repeat(np.arange(first, first + len(documents), dtype=np.int32), counts),
        ((np.arange(len(tokens)) - starts) * body).astype(np.int32),
        sum(len(tokens) for tokens in documents) - int(counts.sum()) * body,
        int((counts == 0).sum()),
    )
