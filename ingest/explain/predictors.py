"""Explanations that are no sentences: each predicts activations by itself, without a language model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...schema import fold
from ..n2g.graph import Graph
from ..n2g.predict import predictor
from .known import Known, KnownGraph, TokenMeans, Weighted
from .material import Floats
from .records import Kind

SHOWN = 20
"""Tokens or paths that the text of such an explanation names; its length counts all."""


@dataclass(frozen=True)
class Predicting:
    """One such explanation of one side."""

    kind: Kind
    explainer: str
    text: str
    written: str
    """the whole of it as a person would have to be given it: its bytes are the description length"""
    terms: tuple[str, ...]
    predict: Callable[[Sequence[str]], Floats]
    """activation at each token, in the neuron's own units, `[n_tokens]`"""

    @property
    def length(self) -> int:
        """Bytes of its written form."""
        return len(self.written.encode("utf-8", "replace"))


def predictors(known: Known, means: TokenMeans | None) -> list[Predicting]:
    """All that a side's evidence makes: its graph, its token tables, its decoded tokens."""
    made = []
    if known.graph is not None and len(known.graph.graph):
        made.append(of_graph(known.graph))
    if means is not None and means.values:
        ranked = tuple(sorted(means.values.items(), key=lambda item: -item[1]))
        made.append(of_tokens(ranked, known.mean, "token table"))
    if known.strongest:
        made.append(of_tokens(known.strongest, known.mean, f"strongest {len(known.strongest)} tokens"))
    for name, projections, ahead in (
        ("gate and up", ("gate", "up"), 0),
        ("down", ("down",), 0),
        ("down", ("down",), 1),
    ):
        words = {token: z for p in reversed(projections) for token, z in known.decoded.get(p, ())}
        if words:
            made.append(of_decoded(words, known.maximum, name, ahead))
    return made


def of_tokens(ranked: Weighted, mean: float, name: str) -> Predicting:
    """A token's mean activation; that of an average token for one that is not in the table (OpenAI's token lookup)."""
    table = dict(ranked)
    written = "".join(f"{_shown(token)}\t{value:.3g}\n" for token, value in ranked)

    def predict(tokens: Sequence[str]) -> Floats:
        return np.array([table.get(token, mean) for token in tokens], np.float64)

    return Predicting("token_table", name, _list(ranked), written, _terms(ranked), predict)


def of_decoded(words: dict[str, float], maximum: float, name: str, ahead: int = 0) -> Predicting:
    """The decoded tokens' z-scores, the largest of them standing for the maximum; 0 for any other token.

    A word counts in any case and spacing. `ahead` 1 predicts the token before one that is written.
    """
    ranked = tuple(sorted(words.items(), key=lambda item: -item[1]))
    top = max(ranked[0][1], 1e-12)
    table: dict[str, float] = {}
    for token, z in ranked:
        table.setdefault(fold(token) or token, maximum * max(0.0, z) / top)

    def predict(tokens: Sequence[str]) -> Floats:
        found = np.array([table.get(fold(token) or token, 0.0) for token in tokens], np.float64)
        return np.concatenate([found[ahead:], np.zeros(min(ahead, len(found)))])

    explainer = f"decoded {name}" + (", the next token" if ahead else "")
    written = "".join(f"{_shown(token)}\t{z:.3g}\n" for token, z in ranked)
    return Predicting("decoded", explainer, _list(ranked), written, _terms(ranked), predict)


def of_graph(known: KnownGraph) -> Predicting:
    """An N2G graph's own prediction, brought from shares to activations."""
    matcher = predictor(known.graph, known.base)

    def predict(tokens: Sequence[str]) -> Floats:
        return known.maximum * matcher.predict(tokens)

    paths = _paths(known.graph)
    written = "".join(f"{text}\t{value:.3g}\n" for text, value in paths)
    terms = tuple(dict.fromkeys(fold(word) or word for word in known.graph.activating if word))
    text = " · ".join(path.strip() or repr(path) for path, _ in paths[:SHOWN]) or "an empty graph"
    return Predicting("graph", f"n2g {known.graph.algorithm}", text, written, terms, predict)


def _paths(graph: Graph) -> Weighted:
    """Each path as a text, in reading order, and what it predicts; strongest first."""
    signs = {"any": "*", "gap": "...", "start": "^"}
    found = [
        ("".join(signs.get(node.match, _shown(node.key)) for node in reversed(path)), path[-1].end.value)
        for path in graph.paths()
        if path[-1].end is not None
    ]
    return tuple(sorted(found, key=lambda pair: -pair[1]))


def _list(ranked: Weighted) -> str:
    named = " · ".join(_shown(token).strip() or repr(token) for token, _ in ranked[:SHOWN])
    return named if len(ranked) <= SHOWN else f"{named} · and {len(ranked) - SHOWN:,} more tokens"


def _terms(ranked: Weighted) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(token) or token for token, _ in ranked[:SHOWN] if token))


def _shown(token: str) -> str:
    return token.replace("\n", "⏎").replace("\t", "⇥")
