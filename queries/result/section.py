"""How a record shows itself: sections, which terminal, notebook, page and Markdown each draw in their way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import SchemaError
from ...schema.visible import plain
from .picture import DoseCurve, ExcerptView, HistogramView


@dataclass(frozen=True)
class Tokens:
    """A cell of token texts, strongest first. `notes`, one a token where given, say more where there is room."""

    texts: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """On one line: stripped, what cannot be seen as marks, empty ones quoted."""
        return " · ".join(plain(text).strip() or repr(text) for text in self.texts)


@dataclass(frozen=True)
class Excerpts:
    """Windows of text, strongest first."""

    views: tuple[ExcerptView, ...]

    def lines(self, most: int) -> Iterator[tuple[str, str, str, str]]:
        """Value, band, text and document of the first, for who draws no colours."""
        for view in self.views[:most]:
            text = "".join(view.tokens).strip()
            yield f"{view.pole * view.activation:+.3g}", view.band, text, view.document


@dataclass(frozen=True)
class Histograms:
    """How often activations fell in each bin."""

    views: tuple[HistogramView, ...]


@dataclass(frozen=True)
class Doses:
    """Effect against the value that a neuron is clamped to."""

    curves: tuple[DoseCurve, ...]


Picture = Excerpts | Histograms | Doses
EXCERPT_HEADS = ("value", "band", "text", "document")
"""Of an excerpt as a row."""


@dataclass(frozen=True)
class Section:
    """A table, a picture or both under a caption. Raises SchemaError for a row that has not a cell a column."""

    caption: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    picture: Picture | None = None

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise SchemaError(f"{len(row)} cells of {self.caption!r} beside {len(self.columns)} columns")

    @classmethod
    def table(cls, caption: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Section:
        """A table without the columns in which no row has anything."""
        kept = [i for i in range(len(columns)) if any(row[i] not in (None, "", ()) for row in rows)]
        shown = tuple(tuple(row[i] for i in kept) for row in rows) if kept else ()
        return cls(caption, tuple(columns[i] for i in kept), shown)
