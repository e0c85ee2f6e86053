"""The verdict on a finding, from numbers alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from .measure import STRUCTURE, Measure, Outcome

Verdict = Literal["holds", "weakened", "moved", "lost", "untested"]
VERDICTS: tuple[Verdict, ...] = ("holds", "weakened", "moved", "lost", "untested")

_SAID: dict[Outcome, Verdict] = {"kept": "holds", "weakened": "weakened", "gone": "lost", "unclear": "untested"}


@dataclass(frozen=True)
class Match:
    """The neuron of the fine-tune whose rows are nearest to a base's."""

    index: int
    score: float
    """mean cosine over the projections"""
    null: float
    """the best that any neuron of the layer reached with rows drawn at random; of a stored match, its control"""
    layer: int | None = None
    """None where it is the same layer"""
    own: float | None = None
    """mean cosine with the base's neuron of its own index; None where that is not known"""

    @property
    def was_there(self) -> bool:
        """Whether it is what it was in the base, if like the neuron that is looked for: a relative, no successor."""
        return self.own is not None and self.score <= self.own


def combined(outcomes: Iterable[Outcome]) -> Outcome:
    """What several outcomes say together: what they all say, else `weakened`; those that are unclear do not count."""
    said = {outcome for outcome in outcomes if outcome != "unclear"}
    if not said:
        return "unclear"
    return said.pop() if len(said) == 1 else "weakened"


def behaviour(measures: Sequence[Measure]) -> Outcome:
    """What the neuron does, by all measures of it."""
    return combined(measure.outcome for measure in measures if measure.kind not in STRUCTURE)


def structure(measures: Sequence[Measure]) -> Outcome:
    """What the neuron is made of: each projection by its row and its tokens, then the projections together.

    A row that is gone takes its tokens with it: those it still shares are luck, or common to the layer.
    """
    rows = {measure.name: measure.outcome for measure in measures if measure.kind == "rows"}
    tokens = {measure.name: measure.outcome for measure in measures if measure.kind == "tokens"}
    parts = []
    for name in {**rows, **tokens}:
        row, listed = rows.get(name, "unclear"), tokens.get(name, "unclear")
        parts.append(row if row == "gone" else combined((row, listed)))
    return combined(parts)


def in_place(measures: Sequence[Measure]) -> Verdict:
    """The verdict on the neuron at the same index. What it does decides; where nothing tells, what it is made of."""
    acts = behaviour(measures)
    return _SAID[structure(measures) if acts == "unclear" else acts]


def verdict(measures: Sequence[Measure], place: int, match: Match | None = None) -> Verdict:
    """The verdict on a finding about the neuron at index `place`, after its layer was searched (`match`).

    A finding that is lost at its place has moved when another neuron is nearer than chance brings any, and nearer to it
    than to the base's neuron of its own index.
    """
    found = in_place(measures)
    return "moved" if found == "lost" and match is not None and elsewhere(match, place) else found


def elsewhere(match: Match, place: int) -> bool:
    """Whether a match is a neuron in another place than index `place`, more than chance, and not there before."""
    return (match.layer is not None or match.index != place) and match.score > match.null and not match.was_there
