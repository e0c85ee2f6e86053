"""One number that says how much of a neuron is left in a fine-tune, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["rows", "tokens", "graph", "probe", "explanation", "clamp", "activation"]
"""What was compared: stored weight rows, decoded tokens, or one of five kinds of behaviour."""

Outcome = Literal["kept", "weakened", "gone", "unclear"]

SHARES: dict[Kind, float] = {
    "rows": 0.9,
    "tokens": 0.6,
    "graph": 0.8,
    "probe": 0.8,
    "explanation": 0.8,
    "clamp": 0.8,
    "activation": 0.8,
}
"""How much must be left to count as kept: a cosine of 0.9, a Jaccard index of 0.6 (8 of 10 tokens), and of behaviour
that share of what the base has above the null."""

STRUCTURE: tuple[Kind, ...] = ("rows", "tokens")
"""Kinds that tell what a neuron is made of; the others tell what it does."""


@dataclass(frozen=True)
class Measure:
    """A score of the fine-tune's neuron beside the base's own, in the same unit."""

    kind: Kind
    name: str
    """which: a projection, a feature, a pole, an explanation"""
    value: float
    """of the fine-tune's neuron"""
    base: float = 1.0
    """of the base's neuron"""
    null: float = 0.0
    """what chance reaches"""
    low: float | None = None
    """lower end of the 95 % interval of `value`; None where it is exact"""
    high: float | None = None
    noise: float | None = None
    """of tokens: 5th percentile of what noise as long as the row's change leaves"""
    run: str | None = None
    """the run it comes from"""

    @property
    def line(self) -> float:
        """The score from which on it counts as kept."""
        null = 0.0 if self.kind in STRUCTURE else max(self.null, 0.0)
        return null + SHARES[self.kind] * (self.base - null)

    @property
    def outcome(self) -> Outcome:
        """By the first rule that fits: docs/findings.md lists them."""
        low, high = (self.value if end is None else end for end in (self.low, self.high))
        if self.base <= self.null:
            return "unclear"
        if self.value <= self.null:
            return "gone"
        if low <= self.null:
            return "unclear"
        if self.value >= self.line or (self.noise is not None and self.null < self.noise <= self.value):
            return "kept"
        return "weakened" if high < self.line else "unclear"

    def __str__(self) -> str:
        """`probe is_french 0.88 [0.85, 0.91] of 0.93, null 0.61: kept`"""
        between = "" if self.low is None or self.high is None else f" [{self.low:.3g}, {self.high:.3g}]"
        of = "" if self.kind in STRUCTURE else f" of {self.base:.3g}"
        noise = "" if self.noise is None else f", noise {self.noise:.2g}"
        return f"{self.kind} {self.name} {self.value:.3g}{between}{of}, null {self.null:.2g}{noise}: {self.outcome}"
