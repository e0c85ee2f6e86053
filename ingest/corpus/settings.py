"""How texts become windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from ...schema import CorpusError
from ..chosen import chosen

Bos = Literal["window", "none"]
"""`window`: every window starts with the tokenizer's BOS token. `none`: none does."""

METHOD = 1
"""Raised when the same texts and settings would give other windows; part of the corpus's hash."""


@dataclass(frozen=True)
class Settings:
    """All are part of the corpus's hash, but `roles`, and `tails` where it is False: see `identity`."""

    length: int = 64
    """tokens a window at most, BOS included, 8 or more"""
    bos: Bos | None = None
    """None: `window` where the tokenizer has a BOS token, else `none`"""
    similarity: float | None = 0.8
    """a window whose 5-grams have this Jaccard similarity or more with an earlier one's is dropped, .7 to 1;
    None keeps all, exact copies too"""
    tails: bool = True
    """texts shorter than a window, and the ends of longer ones, are windows too, padded; False leaves them out"""
    roles: bool = False
    """of chats, whose turn each token stands in is kept beside the windows, which are the same with it"""

    def __post_init__(self) -> None:
        if self.length < 8:
            raise CorpusError(f"length is {self.length!r}, expected 8 tokens a window or more")
        if self.bos not in (None, *get_args(Bos)):
            raise CorpusError(f"bos is {self.bos!r}, expected one of {', '.join(get_args(Bos))}")
        if self.similarity is not None and not 0.7 <= self.similarity <= 1:
            raise CorpusError(f"similarity is {self.similarity!r}, expected 0.7 to 1, or None to keep all windows")

    @property
    def identity(self) -> dict[str, Any]:
        """What the hash is of. Corpora were cut without tails, and had no such setting, before there was this one: so
        their hashes stay. Roles have a hash of their own."""
        return {name: value for name, value in asdict(self).items() if name != "roles" and (name != "tails" or value)}

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises CorpusError with the known names."""
        return chosen(cls, given, "a corpus", CorpusError)
