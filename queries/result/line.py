"""A neuron's line: the sentence that stands beside its id wherever ids are listed, and whose word it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...schema.visible import plain

Source = Literal["person", "finding", "explanation", "graph", "feature", "decoded", "nothing"]
"""Whose line it is: set by a person, or the first of the others that exceeds its null; see `line_rules`."""

NOTHING = "nothing known above chance"
LONGEST = 60
"""Characters of a line in a table's cell."""


@dataclass(frozen=True)
class Line:
    """What a neuron does, in a sentence. As text it is a table's cell: on one line, cut at a word."""

    text: str
    source: Source | None
    """None where no line was made of the neuron, or no method has looked at it; its text is empty then"""
    score: float | None = None
    """headline score, F1 or coherence; None where a person says so"""
    null: float | None = None
    """what the score exceeds"""
    run: str | None = None
    """whose evidence it is"""

    def __str__(self) -> str:
        return shortened(self.text, LONGEST)

    @property
    def cell(self) -> str | None:
        """As a table's cell; None where no line was made."""
        return str(self) or None

    @property
    def whole(self) -> str:
        """The sentence with its source, its score and what that exceeds."""
        if self.source in (None, "nothing"):
            return self.text
        numbers = "" if self.score is None or self.null is None else f" {self.score:.2g}, null {self.null:.2g}"
        return f"{plain(self.text)} ({'set by a person' if self.source == 'person' else self.source}{numbers})"


UNMADE = Line("", None)


def shortened(text: str, most: int) -> str:
    """A text on one line of at most `most` characters, cut at a word where there is one in its second half."""
    flat = plain(" ".join(text.split()))
    if len(flat) <= most:
        return flat
    kept = flat[: most - 1]
    blank = kept.rfind(" ") if flat[most - 1] != " " else most - 1
    return f"{kept[: blank if blank > most // 2 else most - 1].rstrip(' ,;')}…"
