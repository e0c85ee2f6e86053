"""A model's tokens: what each writes, and which are no ordinary text."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...schema import ModelError
from ...schema.secrets import reason
from .contents import without_tokenizer
from .in_context import InContext
from .surface import is_byte_name, is_reserved, is_whole, piece_bytes

Flags = npt.NDArray[np.bool_]

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Vocabulary:
    """One row a token id, up to the rows of the unembedding. Flag arrays are bool `[d_vocab]`."""

    hash: str
    """hex sha256 over what the tokens' names spell, ids in order, each with its length: tokens' ids in the graph begin
    with it, and it stays where a token is read otherwise than its name spells"""
    reading: str | None
    """the same over what the tokens write; None where that is what their names spell"""
    pieces: tuple[bytes, ...]
    """bytes that the tokenizer's own ids write; rows of the unembedding beyond them are padding"""
    texts: tuple[str, ...]
    """`[d_vocab]` what a token writes in a text, with the space that belongs to it; empty for padding and for ids that
    no token has, U+FFFD for broken UTF-8"""
    special: Flags
    byte: Flags
    unused: Flags
    untrained: Flags

    @property
    def identity(self) -> dict[str, str]:
        """What it adds to the parameters of a run."""
        return {"tokenizer": self.hash} | ({"texts": self.reading} if self.reading else {})

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


def size(tokenizer: Any) -> int:
    """Ids up to the last token's; some of them may have no token."""
    return 1 + max((*tokenizer.get_vocab().values(), *tokenizer.added_tokens_decoder), default=-1)


def from_tokenizer(tokenizer: Any, d_vocab: int) -> Vocabulary:
    """The vocabulary of an opened Hugging Face tokenizer, `untrained` all false. Raises ModelError."""
    n = min(size(tokenizer), d_vocab)
    added = {i: bool(token.special) for i, token in tokenizer.added_tokens_decoder.items()}
    special = {i for i, flag in added.items() if flag} | set(tokenizer.all_special_ids)
    known = {*tokenizer.get_vocab().values(), *added}
    # Asked for an id between its tokens, a tokenizer in Python may answer with its unknown token.
    pieces = [name if i in known else None for i, name in enumerate(tokenizer.convert_ids_to_tokens(list(range(n))))]
    texts = _texts(tokenizer, {i: name for i, name in enumerate(pieces) if name and i not in special}, added.keys())
    return from_pieces(pieces, special, added.keys(), d_vocab, texts)


def from_pieces(
    pieces: Sequence[str | None],
    special: Collection[int],
    added: Collection[int],
    d_vocab: int,
    texts: Mapping[int, str] | None = None,
) -> Vocabulary:
    """A vocabulary from a tokenizer's pieces by id; None is an id the tokenizer does not know.

    `special` ids are control tokens; `added` ones are written as they are, not in the tokenizer's scheme. `texts` are
    what tokens are decoded to in context; one that is not among them writes what its piece spells.
    """
    known = [piece or "" for piece in pieces]
    spelled = piece_bytes(known, [i not in added and i not in special for i in range(len(known))])
    data = [_bytes(known[i], spelled[i], (texts or {}).get(i), i in added) for i in range(len(known))]
    n = len(known)
    flags = {name: np.zeros(d_vocab, bool) for name in ("special", "byte", "unused", "untrained")}
    flags["special"][[i for i in special if i < n]] = True
    flags["byte"][:n] = [is_byte_name(p) or not is_whole(b) for p, b in zip(known, data, strict=True)]
    flags["unused"][:n] = [not piece or is_reserved(piece) for piece in known]
    flags["unused"][n:] = True
    surfaces = [b.decode("utf-8", "replace") for b in data] + [""] * (d_vocab - n)
    reading = None if data == spelled else _hash(data)
    return Vocabulary(_hash(spelled), reading, tuple(data), tuple(surfaces), **flags)


def _texts(tokenizer: Any, names: Mapping[int, str], added: Collection[int]) -> dict[int, str]:
    """What tokens, none of them special, are decoded to in context. Empty for a tokenizer without a decoder whose
    names spell more than they are: it joins the names themselves with spaces."""
    ordinary = [i for i in names if i not in added]
    sample = {i: names[i] for i in _sample(ordinary)}
    setup = getattr(tokenizer, "backend_tokenizer", None) or getattr(tokenizer, "setup", None)
    if setup is not None and setup.decoder is None:
        spelled = piece_bytes(list(sample.values()), [True] * len(sample))
        if any(data != name.encode() for data, name in zip(spelled, sample.values(), strict=True)):
            return {}
    return dict(zip(names, InContext.of(tokenizer, sample).texts(list(names)), strict=True))


def _sample(ids: Sequence[int]) -> list[int]:
    """The same few every time. At equal distances they could all be of one kind."""
    return random.Random(0).sample(ids, min(len(ids), _SAMPLE))


def _bytes(piece: str, spelled: bytes, text: str | None, added: bool) -> bytes:
    """The bytes that a token writes: those that its name spells where they are the text it is decoded to, which alone
    does not tell the bytes of a part of a character."""
    # A decoder that does not know the bytes that its model falls back on writes their names.
    if text is None or is_byte_name(piece) or spelled.decode("utf-8", "replace") == text:
        return spelled
    damaged = REPLACEMENT in text
    if added and (damaged or text.strip() == piece.strip()):
        return spelled
    return spelled if damaged and not is_whole(spelled) else text.encode()


def _hash(pieces: Sequence[bytes]) -> str:
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(struct.pack("<Q", len(piece)) + piece)
    return whole.hexdigest()


def shared_ids(one: Vocabulary, other: Vocabulary) -> npt.NDArray[np.int64]:
    """The ids that write the same bytes in both, ascending: what two tokenizers have in common."""
    pairs = zip(one.pieces, other.pieces, strict=False)
    return np.flatnonzero([a == b and a != b"" for a, b in pairs]).astype(np.int64)


def token_texts(tokenizer: Any, ids: Sequence[int]) -> list[str]:
    """What tokens write in a text, U+FFFD for broken UTF-8; as the graph has them. Raises ModelError."""
    every, special = len(tokenizer), set(tokenizer.all_special_ids)
    # One piece alone does not tell SentencePiece from byte-level BPE; a spread of the vocabulary does.
    numbers = [*ids, *_sample(range(every))]
    pieces = tokenizer.convert_ids_to_tokens(numbers)
    added = tokenizer.added_tokens_decoder
    names = {i: piece for i, piece in zip(numbers, pieces, strict=True) if piece and i not in special}
    texts = _texts(tokenizer, names, added)
    spelled = piece_bytes([piece or "" for piece in pieces], [i not in added and i not in special for i in numbers])
    shown = zip(ids, pieces, spelled, strict=False)
    return [_bytes(p or "", b, texts.get(i), i in added).decode("utf-8", "replace") for i, p, b in shown]


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
        if why := without_tokenizer(folder):
            raise ModelError(f"{folder}: its tokenizer cannot be read: {why}") from None
        raise ModelError(
            f"{folder}: its tokenizer cannot be read: {reason(error)}; expected tokenizer.json, or the files of a "
            "tokenizer that transformers knows"
        ) from None
