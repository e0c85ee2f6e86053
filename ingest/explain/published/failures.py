"""Sentences that stand where an explanation should and say that there is none."""

from __future__ import annotations

import re

_WHOLE = frozenset(
    {
        "explanation could not be parsed",
        "the explanation could not be parsed",
        "no explanation found",
        "no explanation generated",
        "no explanation could be generated",
        "explanation not found",
        "error",
        "none",
        "null",
        "nan",
        "n/a",
    }
)
_BEGINNINGS = re.compile(
    r"error[:! ]|explanation parsing failed|(failed|unable) to (generate|parse|produce|create) |traceback \(|"
    r"(i'?m|i am) (very )?sorry|sorry, (but )?i |i (can't|can’t|cannot|am unable to|am not able to) ",
    re.IGNORECASE,
)
_RAN_ON = re.compile(r"\n\s*Example \d+:|\[EXPLANATION\]:")


def failure(text: str) -> str | None:
    """Why a text is a failure's message instead of an explanation, or None."""
    bare = text.strip().rstrip(".!").casefold()
    if not bare:
        return "no explanation: an empty text"
    if bare in _WHOLE or _BEGINNINGS.match(text.strip()):
        return "no explanation: the explainer's failure message"
    return None


def statement(text: str) -> str:
    """A text without what its explainer went on to write: further examples and explanations, as its prompt has them."""
    return _RAN_ON.split(text, maxsplit=1)[0].strip() or text
