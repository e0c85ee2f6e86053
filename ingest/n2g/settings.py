"""What a building of graphs can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ...schema import ModelError
from ..chosen import chosen
from ..subject.live import DTYPES
from .graph import ALGORITHMS, Algorithm

METHOD = 2
"""Raised when the same inputs would give other results; part of the run's identity."""

SPEED = ("device", "batch", "chunk", "positions")
"""Settings that change no result."""


@dataclass(frozen=True)
class Settings:
    """How graphs are built and judged. Thresholds are shares of the neuron's maximum or of one activation."""

    algorithm: Algorithm = "neuronkb"
    """paper: the 2023 script's, faults and all"""
    build: int = 16
    """windows a side of a neuron is built from: half its strongest, half drawn by activation"""
    report: int = 16
    """windows it is judged on, chosen likewise from other documents"""
    random: int = 256
    """random windows of each kind, the same for all neurons"""
    weighting: float = 2.0
    """a window is drawn with a weight of its largest activation to this power"""
    threshold: float = 0.5
    """from which a neuron fires"""
    cut: float = 0.4
    """from which predicted activation on neuronkb's graphs and the back-off lookup, both means, say that it fires"""
    importance: float = 0.5
    """a token matters from this loss on when it is masked; the paper's algorithm has its own, 0.75 and 0.8"""
    keep: float = 0.5
    """share of the activation that a shorter or changed text must keep"""
    substitutes: int = 6
    """words tried in each place that matters"""
    places: int = 3
    """places of a text in which words are tried, the firing token among them"""
    surround: int = 24
    """tokens of the texts in which words are tried, more where the activation needs more"""
    proposer: str | None = None
    """hub id or folder of a masked language model; None: the subject itself proposes the substitutes"""
    mask: int | None = None
    """number of the token that stands for nothing; None: the tokenizer's padding token, else its unknown token"""
    pivots: int = 16
    """firing tokens a side is built from"""
    longest: int = 48
    """tokens of context looked at"""
    ngram: int = 5
    """tokens of the exact paths laid for what was seen, 0 to lay none"""
    fold: bool = False
    """also lay firing words in any case and spacing"""
    gaps: bool = False
    """let context stand at other distances where two more tokens between change little"""
    anchors: bool = True
    """mark paths that need the text's beginning"""
    random_seen: bool = True
    """judge paths while building on random windows too"""
    weight: float = 0.5
    """examples that a shorter path counts for in what a longer one predicts"""
    least: float = 0.03
    """an end that predicts within this of the one before it goes"""
    dtype: str = "auto"
    """of the model; auto is float32 on a CPU, as stored on a GPU"""
    seed: int = 0
    device: str = "auto"
    batch: int = 16
    """windows a forward pass"""
    chunk: int = 128
    """sides whose questions are asked together"""
    positions: int = 0
    """positions of a forward pass of short texts; 0: as many as suit the device"""

    def __post_init__(self) -> None:
        if self.algorithm not in ALGORITHMS:
            raise ModelError(f"algorithm is {self.algorithm!r}, expected {' or '.join(ALGORITHMS)}")
        if self.dtype != "auto" and self.dtype not in DTYPES:
            raise ModelError(f"dtype is {self.dtype!r}, expected auto, {', '.join(DTYPES)}")
        limits = {"build": (2, 1000), "report": (2, 1000), "random": (1, 10_000), "substitutes": (0, 100)}
        limits |= {"pivots": (1, 1000), "longest": (1, 1000), "ngram": (0, 10), "chunk": (1, 10_000), "places": (1, 20)}
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ModelError(f"{name} is {getattr(self, name)!r}, expected {low} to {high}")
        for name in ("threshold", "cut", "importance", "keep"):
            if not 0 < getattr(self, name) < 1:
                raise ModelError(f"{name} is {getattr(self, name)!r}, expected a share between 0 and 1")

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "Neuron to Graph")

    @property
    def identity(self) -> dict[str, Any]:
        """What determines a graph."""
        return {"method": METHOD} | {f.name: getattr(self, f.name) for f in fields(self) if f.name not in SPEED}
