"""Prompts of the simulators: a text as lines of token, tab and value, with a question mark for what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from ...llm.client import Message, Slots
from .examples import EXAMPLES, Example
from .simulator import Window

UNKNOWN = "?"
VALUES = tuple(str(value) for value in range(11))
"""The scale: 0 never fires, 10 fires as strongly as it ever does."""

_TASK = (
    "A neuron of a language model fires on some tokens of a text and not on others. Below, each neuron has a note of "
    "what it fires on, and a text with one token a line and, behind a tab, how strongly the neuron fires on it: "
    "0 is not at all, 10 is as strongly as it ever does, and most tokens are 0. A ? stands where nobody has measured."
)
_ANSWER = "Answer with the one number that belongs behind the last token."
_WRITE = "Write all lines again, with a whole number from 0 to 10 in place of each ?, and nothing else."


def document(explanation: str, window: Window) -> Slots:
    """The whole prompt with every value of the window unknown, and the places of the values."""
    text, at = f"{_shots()}{_head(len(EXAMPLES) + 1, explanation)}", []
    for token in window:
        text += f"{shown(token)}\t"
        at.append(len(text))
        text += f"{UNKNOWN}\n"
    return Slots(text, tuple(at))


def question(explanation: str, window: Window, place: int) -> str:
    """The document up to one token's value: what stands before that place in `document`."""
    slots = document(explanation, window)
    return slots.text[: slots.at[place]]


def conversation(explanation: str, window: Window, place: int) -> tuple[Message, ...]:
    """The same question to a model that answers in turns; each example is a question that was answered."""
    turns = [Message("system", f"{_TASK} {_ANSWER}")]
    for example in EXAMPLES:
        last = max(range(len(example.tokens)), key=example.values.__getitem__)
        for at in (last, last - 1):
            turns += [Message("user", _asked(example.explanation, example.tokens, at))]
            turns += [Message("assistant", str(example.values[at]))]
    return (*turns, Message("user", _asked(explanation, window, place)))


def rewriting(explanation: str, window: Window) -> tuple[Message, ...]:
    """Asks for all lines with their values, of a model whose probabilities are not known."""
    turns = [Message("system", f"{_TASK} {_WRITE}")]
    for example in EXAMPLES:
        turns.append(Message("user", _unknown(example.explanation, example.tokens)))
        turns.append(Message("assistant", "\n".join(_lines(example.tokens, list(map(str, example.values))))))
    return (*turns, Message("user", _unknown(explanation, window)))


def rewriting_text(explanation: str, window: Window) -> str:
    """The same as one text, for a model without turns."""
    parts = [f"{_TASK}\n"]
    for number, example in enumerate(EXAMPLES, 1):
        parts += [_head(number, example.explanation), *(f"{line}\n" for line in _known(example, 0)), "\n"]
    return "".join([*parts, _head(len(EXAMPLES) + 1, explanation)])


def shown(token: str) -> str:
    """A token on its line: what would break the line is written out."""
    return token.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _shots() -> str:
    parts = [f"{_TASK}\n\n"]
    for number, example in enumerate(EXAMPLES, 1):
        parts += [_head(number, example.explanation), *(f"{line}\n" for line in _known(example, example.known)), "\n"]
    return "".join(parts)


def _head(number: int, explanation: str) -> str:
    return f"Neuron {number} fires on: {explanation.strip()}\n"


def _known(example: Example, known: int) -> list[str]:
    values = [UNKNOWN if i < known else str(value) for i, value in enumerate(example.values)]
    return _lines(example.tokens, values)


def _unknown(explanation: str, window: Window) -> str:
    return f"Fires on: {explanation.strip()}\n" + "\n".join(_lines(window, [UNKNOWN] * len(window)))


def _asked(explanation: str, window: Window, place: int) -> str:
    before = window[: place + 1]
    lines = _lines(before, [UNKNOWN] * len(before))
    return f"Fires on: {explanation.strip()}\n" + "\n".join(lines)[: -len(UNKNOWN)]


def _lines(tokens: Sequence[str], values: Sequence[str]) -> list[str]:
    return [f"{shown(token)}\t{value}" for token, value in zip(tokens, values, strict=True)]
