"""Examples that show a model what simulating is: made up for this purpose, of no real neuron."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Example:
    """An explanation, a text's tokens, and how strongly such a neuron would fire on each, 0 to 10."""

    explanation: str
    tokens: tuple[str, ...]
    values: tuple[int, ...]
    known: int
    """Tokens from this one on show their value, those before it a question mark."""


def _example(explanation: str, known: int, text: str) -> Example:
    """From a text with `|value` behind the tokens that fire; tokens are cut before each space and after each value."""
    tokens, values = [], []
    for word in text.replace(" ", "\n ").split("\n"):
        piece, _, value = word.partition("|")
        tokens.append(piece)
        values.append(int(value or 0))
    return Example(explanation, tuple(tokens), tuple(values), known)


EXAMPLES = (
    _example(
        "months and other dates",
        6,
        "The council met on 14|4 March|10 2009|3 and again in early June|9 , after the spring|2 holidays",
    ),
    _example(
        "words for being afraid",
        3,
        "She froze|3 in terror|10 when the door creaked , then laughed at how frightened|9 she had been",
    ),
    _example(
        "the second part of a comparison, after than",
        9,
        "This bridge is longer than|8 the|5 old|6 one|4 but it cost less than|9 half|5 as much to build",
    ),
    _example(
        "names of programming languages",
        2,
        "Most of the tests are written in Python|10 , a few older ones in Perl|9 and the parser in C|7",
    ),
    _example(
        "text about cooking with heat",
        12,
        "Let the onions fry|9 gently in butter|3 , add the rice|2 and stir until it begins to brown|6 ; simmer|10",
    ),
)
"""Of different kinds (words, a meaning, a place in the sentence, names, a topic), so that none of them is copied."""
