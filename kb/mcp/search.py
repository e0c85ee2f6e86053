"""The search tool: by meaning, else by the words as they are typed, with the reason."""

from __future__ import annotations

from typing import Any

from ...schema import ModelError
from ..knowledge_base import KnowledgeBase

SOON = 200_000
"""Rows of new evidence that a search takes in while an agent waits: some ten seconds of work."""


def search(kb: KnowledgeBase, text: str, model: str | None, top: int) -> dict[str, Any]:
    """Hits, how they were searched for (`by`), and why not by meaning where that is so."""
    why = _hindrance(kb) if text.strip() else None
    if why is not None:
        return {"by": "words", "why": why, "hits": _by_words(kb, text.split(), model, top)}
    found = kb.search(text, model=model, top=top)
    return {"by": found.embedder, "searched": found.ways, "hits": list(found.hits)}


def _hindrance(kb: KnowledgeBase) -> str | None:
    """What keeps a search by meaning from being answered soon."""
    try:
        behind = kb.searching.behind()
    except ModelError as error:
        return f"not by meaning: {error}"
    if behind <= SOON:
        return None
    return (
        f"not by meaning: {behind:,} rows of evidence are not in the search matrix; neuronkb search --build adds them"
    )


def _by_words(kb: KnowledgeBase, words: list[str], model: str | None, top: int) -> list[dict[str, Any]]:
    """Sides whose decoded tokens have the word, or at least two of several, in the shape of the other hits."""
    if len(words) == 1:
        rows = kb.find(words[0], model=model, top=top).dicts()
        return [_hit(row["neuron"], row["z"], row["projection"], row["pole"], (row["token"],)) for row in rows]
    sides = kb.find_words(words, least=2, model=model, top=top)
    return [_hit(one.neuron, one.score, one.projection, one.pole, one.tokens, one.by_chance) for one in sides]


def _hit(
    neuron: str, score: float, projection: str, pole: int, words: tuple[str, ...], by_chance: float | None = None
) -> dict[str, Any]:
    reason = {"evidence": "word", "projection": projection, "pole": pole, "words": words, "by_chance": by_chance}
    return {"unit": neuron, "model": neuron.rpartition("/L")[0], "score": score, "reasons": [reason]}
