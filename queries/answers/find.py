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
from .ends import Concept, Concepts, End, Ends, TokenHits

DECODED = ("lm-head",)
"""What makes the evidence that is looked through here."""


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
    term = fold(token)
    if not term and not exact:
        raise QueryError(f"{token!r} spells no word; ask for its exact text with exact=True (--exact)")
    asked: dict[str, Any] = {"text": token} if exact else {"term": term}
    hits = query("find_surface" if exact else "find_term").run(reader, timeout=timeout, **asked, **scope)
    if not hits.rows:
        check_scope(reader, model, run, DECODED)
    nothing = f"nothing found: no end has {token!r} among its top tokens; neuronkb search {token!r} looks by meaning"
    return TokenHits(
        hits.columns,
        hits.rows,
        caption=f"neurons that decode to {token!r}",
        warnings=() if hits.rows else (nothing,),
    )


def by_words(
    reader: Reader,
    words: Sequence[str],
    *,
    least: int = 3,
    model: str | None = None,
    run: str | None = None,
    top: int = 20,
    timeout: float | None = 60.0,
) -> Ends:
    """Ends that name most of the given words, beside how many chance alone would bring.

    The null draws the k top tokens without replacement from the ranked vocabulary: the number of tokens that spell
    one of the words is hypergeometric, and `by_chance` is its tail times the ends of the run. Raises QueryError where
    nothing is found for want of decodings, or of the model or run.
    """
    ends = naming(reader, words, least=least, model=model, run=run, top=top, timeout=timeout)
    if not ends:
        check_scope(reader, model, run, DECODED)
    return Ends(tuple(ends), tuple(words))


def naming(
    reader: Reader,
    words: Sequence[str],
    *,
    least: int,
    model: str | None = None,
    run: str | None = None,
    top: int,
    timeout: float | None = 60.0,
) -> list[End]:
    """`by_words` for a reader to whom it is all the same why there are none."""
    terms = sorted({fold(word) for word in words} - {""})
    if not terms:
        raise QueryError("no words to look for; give at least one")
    rows = query("find_words").run(reader, words=terms, least=least, model=model, run=run, top=top, timeout=timeout)
    nulls = {name: WordNull.of(reader, name, terms) for name in {row[6] for row in rows}}
    return [
        End(neuron, projection, pole, tuple(tokens), name, hits, nulls[name].expected(hits))
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
) -> Ends:
    """Ends whose top tokens are different words that lie close together in the unembedding: `distinct` words at least,
    or all tokens of a run that keeps fewer."""
    ends: list[End] = []
    for of_run, words in _asked(reader, distinct, model, run):
        scope: dict[str, Any] = {"model": model, "run": of_run, "top": top}
        rows = query("coherent").run(reader, least=least, distinct=words, timeout=timeout, **scope)
        ends += [End(row[0], row[1], row[2], tuple(row[5]), row[6], row[3]) for row in rows]
    if not ends:
        check_scope(reader, model, run, DECODED)
    ends.sort(key=lambda end: (-end.score, end.neuron, end.projection, -end.pole))
    return Ends(tuple(ends[:top]))


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
) -> Concepts:
    """For each shipped word list, or those named, the ends that name most of its words.

    Raises QueryError for an unknown name, and as `by_words` does.
    """
    lists = word_lists()
    unknown = [name for name in names if name not in lists]
    if unknown:
        raise QueryError(f"unknown concept {unknown[0]!r}; known: {', '.join(lists)}")
    named = []
    for name in names or lists:
        ends = naming(reader, lists[name], least=least, model=model, run=run, top=top)
        named.append(Concept(name, lists[name], tuple(ends)))
    if not any(concept.ends for concept in named):
        check_scope(reader, model, run, DECODED)
    return Concepts(tuple(named), least)


@cache
def word_lists() -> Mapping[str, tuple[str, ...]]:
    """The shipped concepts: lower-case words by name."""
    text = files(__package__.rpartition(".")[0]).joinpath("concepts.toml").read_text("utf-8")
    return {name: tuple(words) for name, words in tomllib.loads(text).items()}


@dataclass(frozen=True)
class WordNull:
    """What chance would give: k tokens drawn from `ranked`, of which `tokens` spell a word, for each of `sides`."""

    ranked: int
    tokens: int
    k: int
    sides: int

    @classmethod
    def of(cls, reader: Reader, run: str, terms: Sequence[str]) -> WordNull | UnknownNull:
        """Read the run's summary and count the tokens that spell the words."""
        summary, tokenizer = _ranking(reader, run)
        if not summary:
            return UnknownNull()
        count = query("count_words").run(reader, words=list(terms), tokenizer=tokenizer).rows[0][0]
        return cls(summary["ranked_tokens"], count, summary["k"], summary["sides"])

    @classmethod
    def each(cls, reader: Reader, run: str, terms: Sequence[str]) -> dict[str, WordNull]:
        """That of each word by itself; empty for a run whose summary does not say what was ranked."""
        summary, tokenizer = _ranking(reader, run)
        if not summary:
            return {}
        counts = dict(query("word_tokens").run(reader, words=list(terms), tokenizer=tokenizer).rows)
        ranking = summary["ranked_tokens"], summary["k"], summary["sides"]
        return {term: cls(ranking[0], counts.get(term, 0), *ranking[1:]) for term in terms}

    def expected(self, hits: int) -> float:
        """Ends with at least `hits` words by chance."""
        last = min(self.k, self.tokens)
        return self.sides * sum(hypergeometric(self.ranked, self.tokens, self.k, x) for x in range(hits, last + 1))


def _ranking(reader: Reader, run: str) -> tuple[dict[str, Any], str | None]:
    """What a decoding run says of the tokens that it ranked, and its tokenizer; nothing where it does not say."""
    rows = query("run").run(reader, run=run).dicts()
    summary: dict[str, Any] = json.loads(rows[0]["summary"] or "{}") if rows else {}
    return (summary, rows[0]["tokenizer"]) if {"ranked_tokens", "k", "sides"} <= set(summary) else ({}, None)


class UnknownNull:
    """The null of a run whose summary does not say what was ranked."""

    def expected(self, hits: int) -> None:
        return None
