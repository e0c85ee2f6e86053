"""What tokens' names say: the bytes they stand for in the usual schemes, and which mark a slot nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

SPACE = "▁"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_RESERVED = re.compile(
    r"[<\[]\|?(?:unused|reserved|extra|dummy|placeholder|padding)"
    r"(?:[ _]?(?:special|token|id|text|dummy))*[ _]?\d*\|?[>\]]",
    re.IGNORECASE,
)


@cache
def byte_alphabet() -> dict[str, int]:
    """Character -> byte of byte-level BPE (GPT-2's bytes_to_unicode, turned round)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = [byte for byte in range(256) if byte not in set(plain)]
    return {chr(b): b for b in plain} | {chr(0x100 + i): byte for i, byte in enumerate(rest)}


def is_byte_level(pieces: Iterable[str]) -> bool:
    """Whether pieces are written in byte-level BPE's alphabet: nearly all fit it, and none has the
    SentencePiece space. A plain ASCII vocabulary fits it too, and reads the same either way."""
    alphabet, inside, all_of_them = byte_alphabet().keys(), 0, 0
    for piece in pieces:
        if SPACE in piece:
            return False
        all_of_them += 1
        inside += alphabet >= set(piece)
    return inside > 0.99 * all_of_them


def piece_bytes(pieces: Sequence[str], ordinary: Sequence[bool]) -> list[bytes]:
    """The bytes each piece writes; pieces that are not `ordinary` (added tokens) stand for themselves.

    SentencePiece's `▁` is a space and `<0x0A>` is a byte; byte-level BPE is undone by its alphabet.
    """
    if is_byte_level(piece for piece, plain in zip(pieces, ordinary, strict=True) if plain):
        alphabet = byte_alphabet()
        return [
            bytes(map(alphabet.__getitem__, p)) if plain and alphabet.keys() >= set(p) else p.encode()
            for p, plain in zip(pieces, ordinary, strict=True)
        ]
    # Some tokenizers list their byte tokens among the added ones.
    return [
        _sentencepiece(p) if plain or _BYTE.fullmatch(p) else p.encode()
        for p, plain in zip(pieces, ordinary, strict=True)
    ]


def _sentencepiece(piece: str) -> bytes:
    if match := _BYTE.fullmatch(piece):
        return bytes([int(match[1], 16)])
    return piece.replace(SPACE, " ").encode("utf-8", "surrogatepass")


def is_byte_name(piece: str) -> bool:
    """Whether it is named like a byte: `<0x0A>`."""
    return _BYTE.fullmatch(piece) is not None


def is_whole(data: bytes) -> bool:
    """Whether bytes are whole UTF-8 text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_reserved(piece: str) -> bool:
    """Whether its name marks a slot nobody uses: `<unused7>`, `[unused7]`, `<|reserved_special_token_3|>`."""
    return _RESERVED.fullmatch(piece) is not None
