"""What a causal check can be asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...schema import ModelError
from ..chosen import chosen
from ..subject.live import DTYPES

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Settings:
    """All but `batch` and `device` is part of the result."""

    multiples: tuple[float, ...] = MULTIPLES
    """of the observed maximum that a neuron is clamped to"""
    reference: float = 1.0
    """the multiple that is tested against the nulls, added to `multiples` where it is missing"""
    null_tokens: int = 999
    """draws of matched tokens"""
    band: int = 200
    """tokens that each decoded token's stand-in is drawn from"""
    null_neurons: int = 149
    """matched neurons that each neuron is compared with"""
    pool: int = 200
    """neurons of a layer, around the sizes of those tested, that the matched ones are taken from"""
    answers: int = 0
    """sampled answers to `question`, each with the clamp off, on, and on a matched neuron; 0 for none"""
    answers_neurons: int = 10
    """neurons that answers are sampled for: the `down` sides with the clearest tokens"""
    answer_tokens: int = 24
    question: str = "Question: What is your favourite thing, and why?\nAnswer: My favourite thing is"
    chat: bool = False
    """ask `question` in the tokenizer's chat template"""
    dtype: str = "auto"
    """of the forward pass; auto is float32 on a CPU, as stored on a GPU"""
    seed: int = 0
    """of the drawn tokens and the answers"""
    device: str = "auto"
    batch: int = 64
    """clamps in one forward pass"""

    def __post_init__(self) -> None:
        numbers = [*self.multiples, self.reference]
        bad = next((x for x in numbers if not (math.isfinite(x) and x > 0)), None)
        if bad is not None:
            raise ModelError(f"multiple of the maximum is {bad!r}, expected a positive number")
        for name, low, high in (
            ("null_tokens", 19, 10**6),
            ("band", 1, 10**5),
            ("null_neurons", 1, 10**6),
            ("pool", 1, 10**6),
            ("answers", 0, 10**4),
            ("answers_neurons", 0, 10**4),
            ("answer_tokens", 1, 1000),
            ("batch", 1, 4096),
        ):
            if not low <= getattr(self, name) <= high:
                raise ModelError(f"{name} is {getattr(self, name)!r}, expected {low} to {high}")
        if self.dtype != "auto" and self.dtype not in DTYPES:
            raise ModelError(f"dtype is {self.dtype!r}, expected auto, {', '.join(DTYPES)}")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "the causal check")

    @property
    def doses(self) -> tuple[float, ...]:
        """The multiples, the reference among them, ascending."""
        return tuple(sorted({*map(float, self.multiples), float(self.reference)}))

    @property
    def identity(self) -> dict[str, Any]:
        """What of it determines a neuron's result."""
        names = ("reference", "null_tokens", "band", "null_neurons", "pool", "seed", "answers")
        more = ("answers_neurons", "answer_tokens", "question", "chat") if self.answers else ()
        return {"multiples": list(self.doses), **{name: getattr(self, name) for name in (*names, *more)}}
