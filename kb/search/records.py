"""What a search answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ...queries.result.line import UNMADE, Line
from ...queries.result.record import Record
from ...queries.result.section import Section, Tokens
from .sources import Kind

Evidence = Kind | Literal["word"]
"""Kinds that are searched by meaning, and `word`: a word of the query that stands in the evidence as it is."""
EVIDENCE: tuple[Evidence, ...] = (*get_args(Kind), "word")
SHOWN = 3
"""Reasons of a hit that are shown."""
HEADS = ("evidence", "rank", "cosine", "null", "chance", "says")
"""Of a reason as a row; `chance`: sides that would be as near by chance."""
WORDS, ROWS = 1_000.0, 150_000.0
"""Words embedded, and rows of evidence made vectors, in a second on two slow cores: for estimates."""


@dataclass(frozen=True)
class Reason:
    """Why a neuron was found: its best row of one kind of evidence."""

    evidence: Evidence
    rank: int
    """among the neurons that this evidence found; 1 is the nearest"""
    cosine: float | None = None
    null: float | None = None
    """what one in a thousand reach by chance: signatures of shuffled words; for texts, single words asked instead"""
    by_chance: float | None = None
    """sides that would be as near if the run's words were shuffled; None for texts"""
    projection: str | None = None
    pole: int | None = None
    run: str | None = None
    words: tuple[str, ...] = ()
    """those that bring the side nearest to the query, or those that were typed"""
    text: str | None = None
    """the explanation, or the feature's name with F1"""

    @property
    def cells(self) -> tuple[Any, ...]:
        """For a row under HEADS, short enough for a terminal; the fields have the whole numbers."""
        side = "".join((self.projection or "", "" if self.pole is None else "+" if self.pole > 0 else "-"))
        numbers = (_short(self.cosine, ".2f"), _short(self.null, ".2f"), _short(self.by_chance, ".3g"))
        return f"{self.evidence} {side}".strip(), self.rank, *numbers, self.text or Tokens(self.words)


@dataclass(frozen=True)
class Hit:
    """One neuron or latent."""

    unit: str
    model: str | None
    layer: int | None
    score: float
    """sum over its evidence of 1 / (60 + rank)"""
    reasons: tuple[Reason, ...]
    """best rank first"""
    line: Line = UNMADE
    """what it does, whatever was searched for"""


@dataclass(frozen=True, repr=False)
class Found(Record):
    """The answer to a search."""

    text: str
    hits: tuple[Hit, ...]
    embedder: str | None
    """None where no embedding model could be asked"""
    ways: dict[str, str]
    """how each kind of evidence was searched, and over how much"""
    behind: int = 0
    """rows of evidence that were not searched by meaning, for they are not in the matrix yet"""
    warnings: tuple[str, ...] = ()
    """why not by meaning, or not over everything, where that is so"""

    @property
    def title(self) -> str:
        """The text, and what searched for it."""
        typed = all(reason.evidence == "word" for hit in self.hits for reason in hit.reasons)
        by_words = self.embedder is None or (self.behind and typed)
        return f"{self.text!r} by {'words as typed' if by_words else self.embedder}"

    @property
    def lead(self) -> str:
        """What was not searched."""
        return f"{self.behind:,} rows of evidence were not searched by meaning" if self.behind else ""

    def sections(self) -> tuple[Section, ...]:
        """The hits with their best reasons, and how each kind of evidence was searched."""
        return (*self._hits(), Section("", ("evidence", "searched"), tuple(self.ways.items())))

    def _hits(self) -> Iterator[Section]:
        """One table of the neurons of one model; else each hit under its whole name."""
        models = {hit.model for hit in self.hits}
        if len(models) > 1 or None in models:
            for hit in self.hits:
                rows = tuple(reason.cells for reason in hit.reasons[:SHOWN])
                line = f": {hit.line}" if str(hit.line) else ""
                yield Section(f"{hit.unit}, score {hit.score:.4f}{line}", HEADS, rows)
            return
        table = []
        for hit in self.hits:
            first: tuple[Any, ...] = (hit.unit.removeprefix(f"{hit.model}/"), round(hit.score, 4))
            for reason in hit.reasons[:SHOWN]:
                table.append((*first, *reason.cells))
                first = (None, None)
        yield Section(f"Of {models.pop()}" if models else "No neuron", ("neuron", "score", *HEADS), tuple(table))

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Every reason of every hit, numbers as they are."""
        reasons = [(hit, reason) for hit in self.hits for reason in hit.reasons]
        sides = ("evidence", "projection", "pole", "rank", "cosine", "null", "by_chance", "run", "text")
        rows = [(hit.unit, hit.score, *(getattr(why, name) for name in sides), list(why.words)) for hit, why in reasons]
        return ("unit", "score", *sides, "words"), rows


@dataclass(frozen=True, repr=False)
class Behind(Record):
    """What the matrix does not have yet."""

    rows: int
    """of evidence"""
    words: int
    """to be embedded, at most"""

    @property
    def seconds(self) -> float:
        """How long making it takes, roughly."""
        return self.words / WORDS + self.rows / ROWS

    @property
    def title(self) -> str:
        """What is missing."""
        return str(self) if self.rows else "the search matrix has all evidence"

    def sections(self) -> tuple[Section, ...]:
        """The numbers."""
        facts = {"rows of evidence": self.rows, "words to embed": self.words, "seconds": self.seconds}
        return (Section.facts("Missing", facts),) if self.rows else ()

    def json(self) -> dict[str, Any]:
        """With the seconds."""
        return {**super().json(), "seconds": self.seconds}

    def __str__(self) -> str:
        about = f"{self.seconds:.0f} s" if self.seconds < 100 else f"{self.seconds / 60:.0f} minutes"
        return f"{self.rows:,} rows of evidence are not in the search matrix; making it takes about {about}"


def _short(value: float | None, form: str) -> float | None:
    return None if value is None else float(format(value, form))
