"""Ends of neurons' rows as they are found by the words that they decode to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...schema import fold
from ...schema.visible import plain
from ..result.places import of_model, places, row_name
from ..result.record import Record, plain_json, rows_of
from ..result.result import Result
from ..result.section import Section, Tokens


@dataclass(frozen=True)
class End:
    """One end of one projection's ranking of the vocabulary."""

    neuron: str
    projection: str
    pole: int
    tokens: tuple[str, ...]
    """Its top tokens, strongest first."""
    run: str
    score: float
    """Words asked for among the tokens, or coherence."""
    by_chance: float | None = None
    """Ends with as many words that a random choice of tokens would give in the whole run; None where not asked."""


@dataclass(frozen=True, repr=False)
class Ends(Record):
    """Ends of rows, the best first."""

    ends: tuple[End, ...]
    words: tuple[str, ...] = ()
    """Those asked for; where there are none, scores are coherences."""

    @property
    def title(self) -> str:
        """What was asked."""
        if not self.words:
            return "ends whose top tokens lie close together"
        return f"ends that name most of: {', '.join(self.words)}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to ask instead where there are none."""
        if self.ends:
            return ()
        why = "has so many of these words among its top tokens" if self.words else "has top tokens so close together"
        return (f"nothing found: no end {why}; a lower least (--least) finds more",)

    def sections(self) -> tuple[Section, ...]:
        """An end a row, with its score."""
        neurons, model = places([end.neuron for end in self.ends])
        rows = [
            (neuron, row_name(end.projection, end.pole), end.score, end.by_chance, Tokens(end.tokens))
            for end, neuron in zip(self.ends, neurons, strict=True)
        ]
        score = "words" if self.words else "coherence"
        return (Section.table(of_model(model), ("neuron", "row", score, "chance", "top tokens"), rows),)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All that is known of each."""
        return rows_of(End, self.ends)


@dataclass(frozen=True)
class Concept:
    """A word list and the ends that name it best."""

    name: str
    words: tuple[str, ...]
    ends: tuple[End, ...]


@dataclass(frozen=True, repr=False)
class Concepts(Record):
    """Word lists, each with the ends that name it best."""

    concepts: tuple[Concept, ...]
    least: int
    """Words of a list that an end names at least."""

    @property
    def title(self) -> str:
        """What they are."""
        return "neurons that name a concept"

    @property
    def lead(self) -> str:
        """How the table is read."""
        return "words: different words of the list among the top tokens; tokens that are not on it in brackets"

    @property
    def warnings(self) -> tuple[str, ...]:
        """That no list is named."""
        if any(concept.ends for concept in self.concepts):
            return ()
        return (f"nothing found: no end has {self.least} words of such a list among its top tokens",)

    def sections(self) -> tuple[Section, ...]:
        """An end a row: its concept, its neuron, and how many ends chance would bring."""
        named = [(concept, end) for concept in self.concepts for end in concept.ends]
        neurons, model = places([end.neuron for _, end in named])
        rows = [
            (
                concept.name,
                neuron,
                row_name(end.projection, end.pole),
                end.score,
                len(end.tokens),
                end.by_chance,
                _marked(end.tokens, concept.words),
            )
            for (concept, end), neuron in zip(named, neurons, strict=True)
        ]
        heads = ("concept", "neuron", "row", "words", "of", "chance", "top tokens")
        return (Section.table(of_model(model), heads, rows),)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All that is known of each end, behind its concept."""
        names = [concept.name for concept in self.concepts for _ in concept.ends]
        heads, rows = rows_of(End, [end for concept in self.concepts for end in concept.ends])
        return ("concept", *heads), [(name, *row) for name, row in zip(names, rows, strict=True)]


@dataclass(frozen=True, repr=False)
class TokenHits(Result):
    """Neurons found by a token: rows as `find_term` has them."""

    def sections(self) -> tuple[Section, ...]:
        """What compares across layers and models."""
        hits = self.dicts()
        neurons, model = places([hit["neuron"] for hit in hits])
        rows = [
            (neuron, row_name(hit["projection"], hit["pole"]), Tokens((hit["token"],)), hit["rank"], hit["z"])
            for hit, neuron in zip(hits, neurons, strict=True)
        ]
        return (Section.table(of_model(model), ("neuron", "row", "token", "rank", "z"), rows),)

    def table(self) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """All columns."""
        return self.columns, [tuple(plain_json(value) for value in row) for row in self.rows]


def _marked(tokens: Sequence[str], listed: Sequence[str]) -> Tokens:
    """The tokens, those in brackets that are no word of a list; one that comes twice is shown once, with how often."""
    known = {fold(word) for word in listed}
    counts: Counter[str] = Counter()
    named = set()
    for token in tokens:
        text = plain(token).strip() or repr(token)
        counts[text] += 1
        if fold(token) in known:
            named.add(text)
    texts = (text if text in named else f"({text})" for text in counts)
    return Tokens(tuple(text + (f" x{n}" if n > 1 else "") for text, n in zip(texts, counts.values(), strict=True)))
