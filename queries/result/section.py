"""How a record shows itself: sections, which terminal, notebook, page and Markdown each draw in their way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import SchemaError
from ...schema.visible import plain
from .picture import DoseCurve, DriftPoint, ExcerptView, HeatMap, HistogramView, ProbeLine, ScoreLine


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


@dataclass(frozen=True)
class Graph:
    """A Neuron-to-Graph graph: its nodes as `graph_nodes` has them, and how many of them are drawn at most."""

    nodes: tuple[Mapping[str, Any], ...]
    most: int = 40


@dataclass(frozen=True)
class LayerScores:
    """Mean scores of graphs by layer: rows as `graph_layers` has them."""

    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class ProbeLines:
    """F1 of probes: of each layer's best neuron, and against the neurons that a probe may use."""

    depth: tuple[ProbeLine, ...]
    sparse: tuple[ProbeLine, ...]


@dataclass(frozen=True)
class Drift:
    """How far a fine-tune's neurons do what their base's did, by layer."""

    points: tuple[DriftPoint, ...]


@dataclass(frozen=True)
class ExplanationScores:
    """How well explanations predict, by layer: lines by the windows they were scored on."""

    lines: Mapping[str, tuple[ScoreLine, ...]]


Picture = Excerpts | Histograms | Doses | Graph | LayerScores | ProbeLines | Drift | ExplanationScores | HeatMap
EXCERPT_HEADS = ("value", "band", "text", "document")
"""Of an excerpt as a row."""


@dataclass(frozen=True)
class Section:
    """A table, a picture or both under a caption. Raises SchemaError for a row that has not a cell a column."""

    caption: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    picture: Picture | None = None
    verbatim: bool = False
    """its lines are to be copied: no terminal breaks them"""
    of: tuple[str, ...] = ()
    """the catalogue's queries that its rows are answers of, where the record knows"""

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

    @classmethod
    def lines(cls, caption: str, lines: Sequence[str], *, verbatim: bool = False) -> Section:
        """Sentences, one under another; with `verbatim` lines of a text that is to be copied."""
        return cls(caption, ("",), tuple((line,) for line in lines), verbatim=verbatim)

    @classmethod
    def facts(cls, caption: str, facts: Mapping[str, Any]) -> Section:
        """Names and values, without those that are None."""
        return cls(caption, ("", " "), tuple((name, value) for name, value in facts.items() if value is not None))
