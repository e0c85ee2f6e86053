"""How texts are read: which column holds them, and whether their ends are read too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...ingest.chosen import chosen
from ...schema.errors import CorpusError

if TYPE_CHECKING:
    from ...ingest.corpus import Corpus


@dataclass(frozen=True)
class Reading:
    """How texts are read."""

    field: str | None = None
    """Column or field of the texts, or of a chat's messages, unless text or messages"""
    id: str | None = None
    """Column or field that names each text, unless id"""
    split: str = "train"
    """Of a data set that has several"""
    tails: bool | None = None
    """Read short texts and the ends of texts: yes, unless runs over these texts are there without them"""

    @classmethod
    def of(cls, given: Mapping[str, Any] | Reading | None) -> Reading:
        """From a mapping of some of the fields. Raises CorpusError with the known names."""
        return chosen(cls, given, "how texts are read", CorpusError)

    @property
    def columns(self) -> dict[str, Any]:
        """Where rows keep their texts; see `ingest.corpus.read_documents`."""
        return {"field": self.field, "id": self.id, "split": self.split}

    def notes(self, corpus: Corpus) -> tuple[str, ...]:
        """A line each on what of the texts was not read."""
        from .tails import left_out

        return (*left_out(corpus.settings.tails, self.tails), *corpus.notes)
