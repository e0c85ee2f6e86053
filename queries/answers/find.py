"""Which neurons decode to a word, to several words of one kind, or to tokens that lie close together."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from ...schema import QueryError, fold
from ..catalogue.query import Reader, query
from ..catalogue.scope import check_scope
from ..result.result import Result
from ..statistics.chance import hypergeometric

DECODED = ("lm-head",)
"""What makes the evidence that is looked through here."""


@dataclass(frozen=True)
class Side:
    """One end of one projection's ranking of the vocabulary."""

    neuron: str
    projection: str
    pole: int
    tokens: tuple[str, ...]
    """Its top tokens, strongest first."""
    run: str
    score: float
    """Words of the concept among the tokens, or coherence."""
    by_chance: float | None = None
    """Sides with as many words that a random choice of tokens would give in the whole run; None where not asked."""


@dataclass(frozen=True)
class Concept:
    """A word list and the sides that name it best."""

    name: str
    words: tuple[str, ...]
    sides: tuple[Side, ...]


def by_token(
    reader: Reader,
    token: str,
    *,
    exact: bool = False,
    model: str | None = None,
    run: str | None = None,
    top: int = 20,
    timeout: float | None = 60.0,
) -> Result:
    """Neurons whose top tokens include a word, by z-score, which compares across layers and models.

    Any spelling of the word counts (" dog", "Dog"); with `exact` only that very token text.
    """
    scope: dict[str, Any] = {"model": model, "run": run, "top": top}
    if exact:
        return _looked_into(query("find_surface").run(reader, text=token, timeout=timeout, **scope), reader, model, run)
    term = fold(token)
    if not term:
        raise QueryError(f"{token!r} spells no word; ask for its exact text with exact=True (--exact)")
    return _looked_into(query("find_term").run(reader, term=term, timeout=timeout, **scope), reader, model, run)


def _looked_into(found: Result, reader: Reader, model: str | None, run: str | None) -> Result:
    if not found.rows:
        check_scope(reader, model, run, DECODED)
    return found


def by_words(
    reader: Reader,
    words: Sequence[str],
    *,
    least: int = 3,
    model: str | None = None,
    run: str | None = None,
    top: int = 20,
    timeout: float | None = 60.0,
) -> list[Side]:
    """Neuron sides that name most of the given words, beside how many chance alone would bring.

    The null draws the k top tokens without replacement from the ranked vocabulary: the number of tokens that spell
    one of the words is hypergeometric, and `by_chance` is its tail times the sides of the run. Raises QueryError where
    nothing is found for want of decodings, or of the model or run.
    """
    found = naming(reader, words, least=least, model=model, run=run, top=top, timeout=timeout)
    if not found:
        check_scope(reader, model, run, DECODED)
    return found


def naming(
    reader: Reader,
    words: Sequence[str],
    *,
    least: int,
    model: str | None = None,
    run: str | None = None,
    top: int,
    timeout: float | None = 60.0,
) -> list[Side]:
    """`by_words` for a reader to whom it is all the same why there are none."""
    terms = sorted({fold(word) for word in words} - {""})
    if not terms:
        raise QueryError("no words to look for; give at least one")
    rows = query("find_words").run(reader, words=terms, least=least, model=model, run=run, top=top, timeout=timeout)
    nulls = {name: _Null.of(reader, name, terms) for name in {row[6] for row in rows}}
    return [
        Side(neuron, projection, pole, tuple(tokens), name, hits, nulls[name].expected(hits))
        for neuron, projection, pole, hits, tokens, _, name in rows
    ]


def coherent(
    reader: Reader,
    *,
    least: float = 0.3,
    distinct: int = 8,
    model: str | None = None,
    run: str | None = None,
    top: int = 20,
    timeout: float | None = 60.0,
) -> list[Side]:
    """Sides whose top tokens are different words that lie close together in the unembedding: `distinct` words at least,
    or all tokens of a run that keeps fewer."""
    found: list[Side] = []
    for each, words in _asked(reader, distinct, model, run):
        scope: dict[str, Any] = {"model": model, "run": each, "top": top}
        rows = query("coherent").run(reader, least=least, distinct=words, timeout=timeout, **scope)
        found += [Side(row[0], row[1], row[2], tuple(row[5]), row[6], row[3]) for row in rows]
    if not found:
        check_scope(reader, model, run, DECODED)
    found.sort(key=lambda side: (-side.score, side.neuron, side.projection, -side.pole))
    return found[:top]


def _asked(reader: Reader, distinct: int, model: str | None, run: str | None) -> list[tuple[str | None, int]]:
    """The runs to ask, and how many different words of each: one question for all where all keep as many tokens."""
    kept = {
        row["run"]: json.loads(row["parameters"] or "{}").get("k") or distinct
        for row in query("runs").run(reader, job="lm-head", model=model).dicts()
    }
    if run is not None:
        return [(run, min(distinct, kept.get(run, distinct)))]
    if all(k >= distinct for k in kept.values()):
        return [(None, distinct)]
    return [(name, min(distinct, k)) for name, k in kept.items()]


def concepts(
    reader: Reader,
    names: Sequence[str] = (),
    *,
    least: int = 4,
    model: str | None = None,
    run: str | None = None,
    top: int = 1,
) -> list[Concept]:
    """For each shipped word list, or those named, the sides that name most of its words.

    Raises QueryError for an unknown name, and as `by_words` does.
    """
    lists = word_lists()
    unknown = [name for name in names if name not in lists]
    if unknown:
        raise QueryError(f"unknown concept {unknown[0]!r}; known: {', '.join(lists)}")
    found = []
    for name in names or lists:
        sides = naming(reader, lists[name], least=least, model=model, run=run, top=top)
        found.append(Concept(name, lists[name], tuple(sides)))
    if not any(one.sides for one in found):
        check_scope(reader, model, run, DECODED)
    return found


@cache
def word_lists() -> Mapping[str, tuple[str, ...]]:
    """The shipped concepts: lower-case words by name."""
    text = files(__package__.rpartition(".")[0]).joinpath("concepts.toml").read_text("utf-8")
    return {name: tuple(words) for name, words in tomllib.loads(text).items()}


@dataclass(frozen=True)
class _Null:
    """What luck would give: k tokens drawn from `ranked`, of which `tokens` spell a word, for each of `sides`."""

    ranked: int
    tokens: int
    k: int
    sides: int

    @classmethod
    def of(cls, reader: Reader, run: str, terms: Sequence[str]) -> _Null | _Unknown:
        """Read the run's summary and count the tokens that spell the words."""
        found = query("run").run(reader, run=run).dicts()
        summary: dict[str, Any] = json.loads(found[0]["summary"] or "{}") if found else {}
        if not {"ranked_tokens", "k", "sides"} <= set(summary):
            return _Unknown()
        count = query("count_words").run(reader, words=list(terms), tokenizer=found[0]["tokenizer"]).rows[0][0]
        return cls(summary["ranked_tokens"], count, summary["k"], summary["sides"])

    def expected(self, hits: int) -> float:
        """Sides with at least `hits` words by chance."""
        last = min(self.k, self.tokens)
        return self.sides * sum(hypergeometric(self.ranked, self.tokens, self.k, x) for x in range(hits, last + 1))


class _Unknown:
    """The null of a run whose summary does not say what was ranked."""

    def expected(self, hits: int) -> None:
        return None
