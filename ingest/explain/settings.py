"""What explaining and scoring can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_args

from ...schema.errors import ModelError
from ..chosen import ADVANCED, Range, Seed, Share, check_fields, chosen

VERSION = 1
"""Raised when the same inputs would give other results; part of the run's identity."""

Method = Literal["token_activations", "graph_tokens", "both"]
METHODS: tuple[Method, ...] = get_args(Method)

Style = Literal["auto", "instruct", "base"]
Sides = Literal["both", "stronger"]
Scoring = Literal["correlation", "ablation", "detection", "fuzzing", "embedding"]
SCORING: tuple[Scoring, ...] = get_args(Scoring)

SPEED = ("batch", "device")
"""Settings that change no result."""


@dataclass(frozen=True)
class Settings:
    """How neurons are explained, and what the explanations are scored by."""

    methods: tuple[Method, ...] = METHODS
    """what candidates are written from: examples with their activations, the graph with decoded tokens, or both"""
    candidates: Annotated[int, Range(1, 50)] = 1
    """candidates of each method, the second and later ones sampled"""
    temperature: Annotated[float, Range(0, 100), ADVANCED] = 1.0
    """temperature of the sampled candidates"""
    style: Style = "auto"
    """a conversation (instruct), or many shots for a model that only continues text (base); auto goes by the model"""
    sides: Sides = "both"
    """of a gated model's neuron, both poles or the one that reaches further from 0"""
    scores: tuple[Scoring, ...] = SCORING
    """what explanations are scored by"""
    shown: Annotated[int, Range(1, 100), ADVANCED] = 5
    """strongest windows that an explainer sees"""
    top: Annotated[int, Range(1, 100)] = 5
    """strongest windows that are scored"""
    random: Annotated[int, Range(1, 1000)] = 5
    """random windows that are scored"""
    choose: Annotated[int, Range(0, 100)] = 3
    """strongest windows, and as many random ones, that candidates are chosen and predictions calibrated on; 0 takes the
    first candidate as it is"""
    examples: Annotated[int, Range(1, 1000)] = 10
    """active, and as many silent, windows that detection, fuzzing and embedding are scored on"""
    ablate: Annotated[int, Range(0, 1000)] = 5
    """strongest, and as many random, windows that ablation is scored on"""
    together: Annotated[int, Range(1, 50), ADVANCED] = 5
    """examples in one question of detection and fuzzing"""
    active: Annotated[Share, ADVANCED] = 0.3
    """share of the maximum from which a window, or a token, is active"""
    silent: Annotated[Share, ADVANCED] = 0.1
    """share of the maximum that a silent window stays below"""
    scan: Annotated[int, Range(1, 10**9)] = 20_000
    """held-out windows of each kind that are looked through, drawn where there are more"""
    seed: Seed = 0
    """seed of what is drawn and sampled"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""
    batch: Annotated[int, Range(1, 4096)] = 16
    """windows a forward pass"""

    def __post_init__(self) -> None:
        check_fields(self, ModelError)
        if self.silent > self.active:
            raise ModelError(f"silent is {self.silent!r} and active {self.active!r}, expected 0 < silent <= active < 1")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "explaining")

    @property
    def identity(self) -> dict[str, Any]:
        """What determines an explanation and its scores."""
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in SPEED}
        return {"version": VERSION} | {k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()}
