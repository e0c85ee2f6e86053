"""Replies of the OpenAI protocol, read as data that may lack anything."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...schema.outside import whole_characters
from .client import Completion
from .server import Malformed

Listed = Mapping[str, float]
"""Log-probability by token text, of the likeliest tokens at one place"""


@dataclass(frozen=True)
class Tokens:
    """Tokens of a reply, with the likeliest ones at each place."""

    texts: tuple[str, ...]
    listed: tuple[Listed, ...]
    starts: tuple[int, ...]
    """character offsets in prompt and answer; empty where the server gives none"""
    prompt_tokens: int = 0
    completion_tokens: int = 0


def read_completion(reply: Any, stop: Sequence[str]) -> Completion:
    """The text of a completion or of a chat completion. Raises Malformed."""
    choice = _choice(reply)
    message = getattr(choice, "message", None)
    text = getattr(choice, "text", None) if message is None else getattr(message, "content", None)
    spent = _usage(reply)
    reason = getattr(choice, "finish_reason", None)
    if reason == "content_filter" or getattr(message, "refusal", None):
        return Completion(None, "the server's content filter stopped the answer", *spent)
    if not isinstance(text, str):
        return Completion(None, "the answer has no text", *spent)
    text = whole_characters(text)
    cut = text[: min([len(text), *(text.find(one) for one in stop if one in text)])]
    return Completion(cut, None, *spent, reason == "length" and cut == text)


def read_tokens(reply: Any) -> Tokens | None:
    """The tokens with their log-probabilities; None where the reply has none. Raises Malformed."""
    try:
        return _tokens(reply)
    except (TypeError, AttributeError) as error:
        raise Malformed(f"its tokens are not the protocol's: {error}") from None


def _tokens(reply: Any) -> Tokens | None:
    choice = _choice(reply)
    logs = getattr(choice, "logprobs", None)
    if logs is None:
        return None
    spent = _usage(reply)
    content = getattr(logs, "content", None)
    if content is not None:
        texts = tuple(str(item.token) for item in content)
        listed = tuple({str(top.token): _number(top.logprob) for top in item.top_logprobs or ()} for item in content)
        return Tokens(texts, listed, (), *spent)
    tokens, tops = getattr(logs, "tokens", None), getattr(logs, "top_logprobs", None)
    if tokens is None or tops is None or len(tokens) != len(tops):
        return None
    starts = getattr(logs, "text_offset", None) or ()
    # The first token of a prompt has no probability: it stands after nothing.
    found = tuple({str(t): _number(v) for t, v in (top or {}).items()} for top in tops)
    return Tokens(tuple(map(str, tokens)), found, tuple(starts) if len(starts) == len(tokens) else (), *spent)


def _choice(reply: Any) -> Any:
    choices = getattr(reply, "choices", None)
    if not isinstance(choices, list) or not choices:
        raise Malformed("it has no choices")
    return choices[0]


def _usage(reply: Any) -> tuple[int, int]:
    """Tokens of prompt and answer, 0 where the reply does not say. A count below 0 would pay for others."""
    usage = getattr(reply, "usage", None)
    found = [getattr(usage, name, None) or 0 for name in ("prompt_tokens", "completion_tokens")]
    for count in found:
        if type(count) is not int or not 0 <= count < 2**53:
            raise Malformed(f"a count of tokens is {str(count)[:40]!r}")
    return found[0], found[1]


def _number(value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if isinstance(value, str) or math.isnan(found):
        raise Malformed(f"a log-probability is {str(value)[:40]!r}")
    return found
