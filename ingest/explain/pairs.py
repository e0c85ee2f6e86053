"""Windows as an explainer reads them: tokens with whole-number activations."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from .material import Passage, levels

DENSE = 0.2
"""Share of non-zero levels under which they are listed once more without the zeros (OpenAI's neuron explainer)."""

_WORD = re.compile(r"[^\W_]")


def pairs(passages: Sequence[Passage], maximum: float) -> str:
    """Each window as `token<TAB>level` lines between marks; where few levels are above 0, those again by themselves."""
    found = [levels(passage.values, maximum) for passage in passages]
    whole = "\n".join(_block(p.tokens, numbers.tolist()) for p, numbers in zip(passages, found, strict=True))
    every = np.concatenate(found) if found else np.zeros(0)
    if every.size and 0 < np.count_nonzero(every) < DENSE * every.size:
        few = "\n".join(
            _block([t for t, n in zip(p.tokens, numbers, strict=True) if n], [n for n in numbers.tolist() if n])
            for p, numbers in zip(passages, found, strict=True)
        )
        return f"{whole}\n\nThe same without the zeros:\n{few}"
    return whole


def _block(tokens: Sequence[str], numbers: Sequence[int]) -> str:
    lines = "\n".join(f"{_visible(token)}\t{number}" for token, number in zip(tokens, numbers, strict=True))
    return f"<start>\n{lines}\n<end>"


def _visible(token: str) -> str:
    """A token on one line, its tabs and line breaks as two characters each."""
    return token.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def peak_words(passages: Sequence[Passage], n: int, least: float = 0.5) -> list[str]:
    """The words around each window's strongest tokens, each once in any case, the strongest first, up to `n`.

    A token inside a word brings the whole word. Tokens under `least` of the strongest of all are left out, and where
    some have a letter or digit so are those without.
    """
    found: dict[str, tuple[float, str]] = {}
    limit = least * max((float(p.values.max(initial=0.0)) for p in passages), default=0.0)
    for passage in passages:
        for at in np.flatnonzero(passage.values >= max(limit, 1e-12)).tolist():
            word = _word(passage.tokens, at)
            value = float(passage.values[at])
            if word and value > found.get(word.casefold(), (0.0, ""))[0]:
                found[word.casefold()] = (value, word)
    ranked = [word for _, word in sorted(found.values(), key=lambda pair: -pair[0])]
    return ([word for word in ranked if _WORD.search(word)] or ranked)[:n]


def _word(tokens: Sequence[str], at: int) -> str:
    """The word a token is part of: back to the last space, on to the next."""
    start = at
    while start > 0 and tokens[start][:1].isalnum() and tokens[start - 1][-1:].isalnum():
        start -= 1
    end = at + 1
    while end < len(tokens) and tokens[end][:1].isalnum() and tokens[end - 1][-1:].isalnum():
        end += 1
    return "".join(tokens[start:end]).strip()
