"""What explaining and scoring can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from ...schema import ModelError
from ..chosen import chosen

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
    """what a candidate is written from: examples with their activations; N2G graph and decoded tokens; all of these"""
    candidates: int = 1
    """of each method, the second and later ones sampled"""
    temperature: float = 1.0
    """of those"""
    style: Style = "auto"
    """instruct: a conversation; base: many shots for a model that only continues text; auto: by the model"""
    sides: Sides = "both"
    """of a gated model's neuron: both poles, or the one that reaches further from 0"""
    scores: tuple[Scoring, ...] = ("correlation", "ablation", "detection", "fuzzing", "embedding")
    shown: int = 5
    """strongest windows that an explainer sees"""
    top: int = 5
    """strongest windows that are scored"""
    random: int = 5
    """random windows that are scored"""
    choose: int = 3
    """strongest windows, and as many random ones, that candidates are chosen and predictions calibrated on; 0 for
    neither: the first method's candidate is the one"""
    examples: int = 10
    """active and as many silent windows that detection, fuzzing and embedding are scored on"""
    ablate: int = 5
    """of the strongest, and as many random windows, that ablation is scored on"""
    together: int = 5
    """examples in one question of detection and fuzzing"""
    active: float = 0.3
    """share of the maximum from which a window, or a token, is active"""
    silent: float = 0.1
    """share of the maximum that a silent window stays below"""
    scan: int = 20_000
    """held-out windows of each kind that are looked through, drawn where there are more"""
    seed: int = 0
    device: str = "auto"
    batch: int = 16
    """windows a forward pass"""

    def __post_init__(self) -> None:
        for name, known in (("methods", METHODS), ("scores", SCORING)):
            for found in getattr(self, name):
                if found not in known:
                    raise ModelError(f"{name} has {found!r}, expected some of {', '.join(known)}")
        for name, kind in (("style", Style), ("sides", Sides)):
            if getattr(self, name) not in get_args(kind):
                raise ModelError(f"{name} is {getattr(self, name)!r}, expected one of {', '.join(get_args(kind))}")
        limits = {"candidates": (1, 50), "shown": (1, 100), "top": (1, 100), "random": (1, 1000), "choose": (0, 100)}
        limits |= {"examples": (1, 1000), "ablate": (0, 1000), "together": (1, 50), "scan": (1, 10**9)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ModelError(f"{name} is {getattr(self, name)!r}, expected {low} to {high}")
        if not 0 < self.silent <= self.active < 1:
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
