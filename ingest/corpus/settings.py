"""How texts become windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from ...schema.errors import CorpusError
from ..chosen import ADVANCED, Range, check_fields, chosen

Bos = Literal["window", "none"]
"""`window`: every window starts with the tokenizer's BOS token. `none`: none does."""

METHOD = 1
"""Raised when the same texts and settings would give other windows; part of the corpus's hash."""


@dataclass(frozen=True)
class Windows:
    """How long windows are, and which are left out."""

    length: Annotated[int, Range(8)] = 64
    """tokens a window at most, BOS included"""
    bos: Annotated[Bos | None, ADVANCED] = None
    """whether every window starts with the tokenizer's BOS token; where not said, it does if there is one"""
    similarity: Annotated[float | None, Range(0.7, 1), ADVANCED] = 0.8
    """a window whose 5-grams have this Jaccard similarity or more with an earlier one's is dropped; None keeps all,
    exact copies too"""

    def __post_init__(self) -> None:
        check_fields(self, CorpusError)


@dataclass(frozen=True)
class Settings(Windows):
    """All are part of the corpus's hash, but `roles`, and `tails` where it is False: see `identity`."""

    tails: bool = True
    """read texts shorter than a window, and the ends of longer ones, as padded windows too"""
    roles: bool = False
    """of chats, keep beside the windows whose turn each token stands in"""

    @property
    def identity(self) -> dict[str, Any]:
        """What the hash is of. Corpora were cut without tails, and had no such setting, before there was this one: so
        their hashes stay. Roles have a hash of their own."""
        return {name: value for name, value in asdict(self).items() if name != "roles" and (name != "tails" or value)}

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises CorpusError with the known names."""
        return chosen(cls, given, "a corpus", CorpusError)
