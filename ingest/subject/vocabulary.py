"""A model's tokens: what each writes, and which are no ordinary text."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...schema import ModelError
from ...schema.secrets import reason
from .surface import is_byte_piece, is_reserved, piece_bytes

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Vocabulary:
    """One row a token id, up to the rows of the unembedding. Flag arrays are bool `[d_vocab]`."""

    pieces: tuple[bytes, ...]
    """bytes of the tokenizer's own ids; rows of the unembedding beyond them are padding"""
    texts: tuple[str, ...]
    """`[d_vocab]` decoded surfaces with leading space; empty for padding, U+FFFD for broken UTF-8"""
    special: Flags
    byte: Flags
    unused: Flags
    untrained: Flags

    @cached_property
    def hash(self) -> str:
        """Hex sha256 over the id -> bytes table, ids in order, each with its length."""
        whole = hashlib.sha256()
        for piece in self.pieces:
            whole.update(struct.pack("<Q", len(piece)) + piece)
        return whole.hexdigest()

    @property
    def ordinary(self) -> Flags:
        """Tokens that are text: not special, byte, unused or untrained."""
        return ~(self.special | self.byte | self.unused | self.untrained)

    def __len__(self) -> int:
        return len(self.texts)

    def mark_untrained(self, untrained: Flags) -> Vocabulary:
        """The same vocabulary with the untrained tokens known."""
        return replace(self, untrained=untrained)


_FILES = ("*token*.json", "vocab*", "merges*", "*.model", "config.json")
"""What a tokenizer may be read from."""

_SAMPLE = 1000
"""Pieces of the vocabulary that tell its scheme."""

_read: dict[tuple[str, int], Vocabulary] = {}
"""Vocabularies read in this process, by the digest of their files: a fine-tune's is its base's, and takes seconds."""


def read_vocabulary(folder: Path, d_vocab: int) -> Vocabulary:
    """The vocabulary of the tokenizer in `folder`, `untrained` all false. Raises ModelError."""
    key = tokenizer_digest(folder), d_vocab
    if key not in _read:
        _read[key] = from_tokenizer(load_tokenizer(folder), d_vocab)
        if len(_read) > 4:
            del _read[next(iter(_read))]
    return _read[key]


def tokenizer_digest(folder: Path) -> str:
    """Hex sha256 over the names and contents of a tokenizer's files."""
    whole = hashlib.sha256()
    for path in sorted({path for pattern in _FILES for path in folder.glob(pattern) if path.is_file()}):
        with path.open("rb") as stream:
            whole.update(path.name.encode() + b"\0" + hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()


def from_tokenizer(tokenizer: Any, d_vocab: int) -> Vocabulary:
    """The vocabulary of an opened Hugging Face tokenizer, `untrained` all false."""
    n = min(len(tokenizer), d_vocab)
    pieces = tokenizer.convert_ids_to_tokens(list(range(n)))
    added = {i: bool(token.special) for i, token in tokenizer.added_tokens_decoder.items()}
    special = {i for i, flag in added.items() if flag} | set(tokenizer.all_special_ids)
    return from_pieces(pieces, special, added.keys(), d_vocab)


def from_pieces(
    pieces: Sequence[str | None], special: Collection[int], added: Collection[int], d_vocab: int
) -> Vocabulary:
    """A vocabulary from a tokenizer's pieces by id; None is an id the tokenizer does not know.

    `special` ids are control tokens; `added` ones are written as they are, not in the tokenizer's scheme.
    """
    known = [piece or "" for piece in pieces]
    data = piece_bytes(known, [i not in added and i not in special for i in range(len(known))])
    n = len(known)
    flags = {name: np.zeros(d_vocab, bool) for name in ("special", "byte", "unused", "untrained")}
    flags["special"][[i for i in special if i < n]] = True
    flags["byte"][:n] = [is_byte_piece(p, b) for p, b in zip(known, data, strict=True)]
    flags["unused"][:n] = [not piece or is_reserved(piece) for piece in known]
    flags["unused"][n:] = True
    texts = [b.decode("utf-8", "replace") for b in data] + [""] * (d_vocab - n)
    return Vocabulary(tuple(data), tuple(texts), **flags)


def shared_ids(one: Vocabulary, other: Vocabulary) -> npt.NDArray[np.int64]:
    """The ids that write the same bytes in both, ascending: what two tokenizers have in common."""
    pairs = zip(one.pieces, other.pieces, strict=False)
    return np.flatnonzero([a == b and a != b"" for a, b in pairs]).astype(np.int64)


def token_texts(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """Decoded surfaces with leading space, U+FFFD for broken UTF-8; as the graph has them."""
    every = len(tokenizer)
    # One piece alone does not tell SentencePiece from byte-level BPE; a spread of the vocabulary does.
    numbers = [*ids, *range(0, every, max(1, every // _SAMPLE))]
    pieces = [piece or "" for piece in tokenizer.convert_ids_to_tokens(numbers)]
    added = {*tokenizer.added_tokens_decoder, *tokenizer.all_special_ids}
    found = piece_bytes(pieces, [i not in added for i in numbers])
    return [data.decode("utf-8", "replace") for data in found[: len(ids)]]


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer in `folder`, without running any code of it. Raises ModelError."""
    try:
        from transformers import AutoTokenizer
    except ImportError:
        raise ModelError("reading a tokenizer needs transformers; pip install 'neuronkb[models]'") from None
    try:
        # Never code from the folder: trust_remote_code stays off.
        return AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except Exception as error:
        # A stranger's files make the library raise whatever it likes, plain Exception too.
        raise ModelError(
            f"{folder}: its tokenizer cannot be read: {reason(error)}; expected tokenizer.json, or the files of a "
            "tokenizer that transformers knows"
        ) from None
