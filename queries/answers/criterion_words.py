"""The criterion of words: what neurons decode to, fire on over a corpus, or have in their graphs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

from ...schema import QueryError, fold
from ...schema.visible import plain
from ..catalogue.query import query
from .criterion import Answer, Criterion, Met, Reason, Scope
from .find import UnknownNull, WordNull

SHOWN = 4
"""Places that a reason lists."""
USUAL = 3
"""Words that one side must name where more were given and no number was."""


class Place(NamedTuple):
    """Where a neuron can name a word: an end of a projection's ranking, or a side of its hidden value."""

    source: str
    """decoded, corpus or graph"""
    projection: str
    """empty of a side"""
    pole: int
    run: str

    @property
    def title(self) -> str:
        """`up +`, or `side -`"""
        return f"{self.projection or 'side'} {'+' if self.pole > 0 else '-'}"


@dataclass(frozen=True)
class Wanted:
    """The words asked for, each once."""

    words: tuple[str, ...]
    least: int
    exact: bool

    @classmethod
    def of(cls, words: Sequence[str], least: int | None, exact: bool) -> Wanted:
        """Raises QueryError for a word that is none, and where `least` is not among 1 to their number."""
        for word in words:
            if not (word if exact else fold(word)):
                raise QueryError(f"{word!r} spells no word; ask for its exact text with exact=True (--exact)")
        different = tuple(dict.fromkeys(word if exact else fold(word) for word in words))
        usual = len(different) if len(different) < USUAL else USUAL
        if least is not None and not 1 <= least <= len(different):
            raise QueryError(f"least words is {least!r}, expected 1 to {len(different)}: as many as different words")
        return cls(different, usual if least is None else least, exact)

    def null(self, scope: Scope, run: str) -> WordNull | UnknownNull:
        """What chance gives a decoding run; of exact texts each is one token."""
        null = WordNull.of(scope.reader, run, [fold(word) or word for word in self.words])
        return replace(null, tokens=len(self.words)) if self.exact and isinstance(null, WordNull) else null


def words_criterion(words: Sequence[str], least: int | None, exact: bool) -> Criterion:
    """Neurons of which one end or side names at least so many of the words.

    It asks three queries a word, through the word's own tokens: what they cost grows with the neurons that name it.
    Excerpts are not read; the tokens on which a corpus pass saw a neuron fire are.
    """
    wanted = Wanted.of(words, least, exact)
    names = ", ".join(map(repr, wanted.words))
    many = f" {wanted.least} of" if len(wanted.words) > 1 else ""
    what = f"names{many} {names} on one side"
    return Criterion("words", what, lambda scope: _answer(scope, wanted), ("lm-head", "activations", "n2g"))


def _answer(scope: Scope, wanted: Wanted) -> Answer:
    by_neuron: dict[str, dict[Place, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    cut = False
    for word in wanted.words:
        for rows in (_decoded(scope, word, wanted.exact), _fires(scope, word), _graphs(scope, word, wanted.exact)):
            cut = cut or len(rows) > scope.most
            for row in rows[: scope.most]:
                if wanted.exact and word not in row["texts"]:
                    continue
                place = Place(row["source"], row.get("projection", ""), row["pole"], row["run"])
                strength = row.get("z") or 0.0
                held = by_neuron[row["neuron"]][place]
                held[word] = max(strength, held.get(word, strength))
    nulls = _Nulls(scope, wanted)
    met = {
        neuron: _met(places, wanted, nulls)
        for neuron, places in by_neuron.items()
        if max(map(len, places.values())) >= wanted.least
    }
    return Answer(met, cut)


def _decoded(scope: Scope, word: str, exact: bool) -> list[dict[str, Any]]:
    found = (
        query("find_surface").run(scope.reader, text=word, **scope.of_run)
        if exact
        else query("find_term").run(scope.reader, term=word, **scope.of_run)
    )
    return [{**row, "source": "decoded", "texts": (row["token"],)} for row in found.dicts()]


def _fires(scope: Scope, word: str) -> list[dict[str, Any]]:
    rows = query("find_fires").run(scope.reader, word=word, **scope.of_run).dicts()
    return [{**row, "source": "corpus", "texts": (row["token"],)} for row in rows]


def _graphs(scope: Scope, word: str, exact: bool) -> list[dict[str, Any]]:
    text = word if exact else None
    rows = query("find_activates").run(scope.reader, word=word, text=text, **scope.of_run).dicts()
    return [{**row, "source": "graph", "texts": row["tokens"]} for row in rows]


class _Nulls:
    """What chance gives, worked out once a run and number of words."""

    def __init__(self, scope: Scope, wanted: Wanted) -> None:
        self._scope, self._wanted = scope, wanted
        self._runs: dict[str, WordNull | UnknownNull] = {}
        self._known: dict[tuple[str, int], float | None] = {}

    def expected(self, place: Place, words: int) -> float | None:
        """Sides of the run with as many words by chance; None of what was not decoded, or is not known."""
        if place.source != "decoded":
            return None
        if place.run not in self._runs:
            self._runs[place.run] = self._wanted.null(self._scope, place.run)
        key = place.run, words
        if key not in self._known:
            self._known[key] = self._runs[place.run].expected(words)
        return self._known[key]


def _met(places: Mapping[Place, Mapping[str, float]], wanted: Wanted, nulls: _Nulls) -> Met:
    ranked = sorted(places.items(), key=lambda item: (-len(item[1]), -sum(item[1].values()), _usual(item[0])))
    words = ranked[0][1]
    return Met(partial(_reason, ranked, wanted, nulls), (float(len(words)), sum(words.values())))


def _reason(ranked: Sequence[tuple[Place, Mapping[str, float]]], wanted: Wanted, nulls: _Nulls) -> Reason:
    best, words = ranked[0]
    why = "; ".join(_lines(ranked[:SHOWN], wanted, nulls))
    more = f"; and {len(ranked) - SHOWN} more places" if len(ranked) > SHOWN else ""
    return Reason("words", why + more, float(len(words)), nulls.expected(best, len(words)))


def _usual(place: Place) -> tuple[int, int, int, str]:
    sources, projections = ("decoded", "corpus", "graph"), ("", "gate", "up", "down")
    return sources.index(place.source), projections.index(place.projection), -place.pole, place.run


def _lines(ranked: Sequence[tuple[Place, Mapping[str, float]]], wanted: Wanted, nulls: _Nulls) -> Iterator[str]:
    """`down +: june, july (decoded, by chance 2e-05)`; the run where one place stands in several."""
    titles = [(place.source, place.title) for place, _ in ranked]
    for (place, words), title in zip(ranked, titles, strict=True):
        shown = ", ".join(repr(word) if wanted.exact else plain(word) for word in wanted.words if word in words)
        chance = nulls.expected(place, len(words))
        notes = [place.source]
        notes += [f"by chance {chance:.2g}"] if chance is not None else []
        notes += [place.run] if titles.count(title) > 1 else []
        yield f"{place.title}: {shown} ({', '.join(notes)})"
