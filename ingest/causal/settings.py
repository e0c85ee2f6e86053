"""What a causal check can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from ...schema.errors import ModelError
from ..chosen import ADVANCED, Range, Seed, check_fields, chosen
from ..subject.dtypes import Dtype

METHOD = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

MULTIPLES = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Settings:
    """All but `batch` and `device` is part of the result."""

    multiples: Annotated[tuple[float, ...], Range(0, open=True)] = MULTIPLES
    """multiples of the observed maximum that a neuron is clamped to"""
    reference: Annotated[float, Range(0, open=True), ADVANCED] = 1.0
    """the multiple that is tested against the nulls, added to the others where it is missing"""
    null_tokens: Annotated[int, Range(19, 10**6)] = 999
    """draws of as frequent tokens"""
    band: Annotated[int, Range(1, 10**5), ADVANCED] = 200
    """tokens that each decoded token's stand-in is drawn from"""
    null_neurons: Annotated[int, Range(1, 10**6)] = 149
    """matched neurons that each neuron is compared with"""
    pool: Annotated[int, Range(1, 10**6)] = 200
    """neurons of a layer, around the sizes of those tested, that the matched ones are taken from"""
    answers: Annotated[int, Range(0, 10**4)] = 0
    """sampled answers to the question, each with the clamp off, on, and on a matched neuron; 0 for none"""
    answers_neurons: Annotated[int, Range(0, 10**4)] = 10
    """neurons to sample answers for: the down sides with the clearest tokens"""
    answer_tokens: Annotated[int, Range(1, 1000), ADVANCED] = 24
    """tokens of an answer, at most"""
    question: str = "Question: What is your favourite thing, and why?\nAnswer: My favourite thing is"
    """what the sampled answers answer"""
    chat: bool = False
    """ask the question in the tokenizer's chat template"""
    dtype: Dtype = "auto"
    """number format of the forward pass; auto is float32 on a CPU, and as stored on a GPU"""
    seed: Seed = 0
    """seed of the drawn tokens and the answers"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""
    batch: Annotated[int, Range(1, 4096)] = 64
    """clamps a forward pass"""

    def __post_init__(self) -> None:
        check_fields(self, ModelError)

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
