"""The search tool: by meaning, else by the words as they are typed, with the reason."""

from __future__ import annotations

from typing import Any

from ...schema import ModelError
from ..knowledge_base import KnowledgeBase
from ..nouns import search as searching


def search(kb: KnowledgeBase, text: str, model: str | None, top: int) -> dict[str, Any]:
    """Hits, how they were searched for (`by`), and why not by meaning, or not over everything, where that is so.

    What takes long to make is made aside: the answer comes at once from what there is.
    """
    why = None
    try:
        found = kb.search(text, model=model, top=top, now=True)
        if found.behind:
            lacking = kb.searching.behind()
            if lacking.seconds > searching.SOON:
                kb.searching.build_aside()
                why = f"not all by meaning: {lacking}; it is being made, ask again then"
            else:
                found = kb.search(text, model=model, top=top)
    except ModelError as error:
        return {"by": "words", "why": f"not by meaning: {error}", "hits": _by_words(kb, text.split(), model, top)}
    typed = all(reason.evidence == "word" for hit in found.hits for reason in hit.reasons)
    answer = {"by": "words" if why and typed else found.embedder, "searched": found.ways, "hits": list(found.hits)}
    return answer if why is None else {"why": why, **answer}


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
