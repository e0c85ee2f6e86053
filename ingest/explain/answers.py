"""What a model answered, as an explanation or as a counted failure."""

from __future__ import annotations

import re

from .failures import UNANSWERED, failure, spoken

LONGEST = 600
"""Characters of an explanation; what is longer was no sentence."""
WORDS = 12
"""Words of a category."""

_OPENING = re.compile(
    r"^(?:the main thing )?(?:this|the) neuron (?:does is find|reacts to|responds to|fires (?:on|for|when it sees)|"
    r"activates (?:on|for|when it sees)|detects|looks for|finds)\s*:?\s*",
    re.IGNORECASE,
)
_MARKS = re.compile(r"</?(?:start|end)>|\t")


def read_explanation(text: str | None, base: bool) -> tuple[str | None, str]:
    """The explanation, or None and why it is none."""
    if text is None:
        return None, "no answer"
    answered = spoken(text)
    if text.strip() and not answered:
        return None, UNANSWERED
    said = answered.split("\n")[0].strip().strip('"“”').strip()
    if not base:
        said = _OPENING.sub("", said)
    said = said.strip().rstrip(".").strip()
    if not re.search(r"[^\W_]", said):
        return None, "an answer without words"
    if failure(said) is not None:
        return None, "a refusal"
    if _MARKS.search(said):
        return None, "the examples once more"
    if len(said) > LONGEST or (base and len(said.split()) > WORDS):
        return None, "no end of the sentence"
    return said, ""
