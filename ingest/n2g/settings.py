"""What a building of graphs can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, get_args

from ...schema.errors import ModelError
from ..chosen import ADVANCED, LOCAL, Range, Seed, Share, check_fields, chosen
from ..subject.dtypes import Dtype

Algorithm = Literal["neuronkb", "paper"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)

METHOD = 2
"""Raised when the same inputs would give other results; part of the run's identity."""

SPEED = ("device", "batch", "chunk", "positions")
"""Settings that change no result."""


@dataclass(frozen=True)
class Settings:
    """How graphs are built and judged. Thresholds are shares of the neuron's maximum or of one activation."""

    algorithm: Algorithm = "neuronkb"
    """neuronkb's own, or the paper's script of 2023, faults and all"""
    build: Annotated[int, Range(2, 1000)] = 16
    """windows a side of a neuron is built from, half its strongest and half drawn by activation"""
    report: Annotated[int, Range(2, 1000)] = 16
    """windows a side is judged on, chosen likewise from other documents"""
    random: Annotated[int, Range(1, 10_000)] = 256
    """random windows of each kind, the same for all neurons"""
    weighting: Annotated[float, Range(0, 100), ADVANCED] = 2.0
    """a window is drawn with a weight of its largest activation to this power"""
    threshold: Annotated[Share, ADVANCED] = 0.5
    """share of the maximum from which a neuron fires"""
    cut: Annotated[Share, ADVANCED] = 0.4
    """predicted activation from which neuronkb's graphs and the back-off lookup, both means, say that a neuron fires"""
    importance: Annotated[Share, ADVANCED] = 0.5
    """a token matters from this loss on when it is masked; the paper's algorithm has its own, 0.75 and 0.8"""
    keep: Annotated[Share, ADVANCED] = 0.5
    """share of the activation that a shorter or changed text must keep"""
    substitutes: Annotated[int, Range(0, 100)] = 6
    """words tried in each place that matters"""
    places: Annotated[int, Range(1, 20), ADVANCED] = 3
    """places of a text in which words are tried, the firing token among them"""
    surround: Annotated[int, Range(0, 10**6), ADVANCED] = 24
    """tokens of the texts in which words are tried, more where the activation needs more"""
    proposer: Annotated[str | None, LOCAL] = None
    """hub id or folder of a masked language model; unless given, the model itself proposes the substitutes"""
    mask: Annotated[int | None, Range(0)] = None
    """number of the token that masks; unless given, the tokenizer's padding token, else its unknown token"""
    pivots: Annotated[int, Range(1, 1000), ADVANCED] = 16
    """firing tokens a side is built from"""
    longest: Annotated[int, Range(1, 1000), ADVANCED] = 48
    """tokens of context looked at"""
    ngram: Annotated[int, Range(0, 10), ADVANCED] = 5
    """tokens of the exact paths laid for what was seen, 0 to lay none"""
    fold: Annotated[bool, ADVANCED] = False
    """also lay firing words in any case and spacing"""
    gaps: Annotated[bool, ADVANCED] = False
    """let context stand at other distances where two more tokens between change little"""
    anchors: Annotated[bool, ADVANCED] = True
    """mark paths that need the text's beginning"""
    random_seen: Annotated[bool, ADVANCED] = True
    """judge paths while building on random windows too"""
    weight: Annotated[float, Range(0), ADVANCED] = 0.5
    """examples that a shorter path counts for in what a longer one predicts"""
    least: Annotated[float, Range(0, 1), ADVANCED] = 0.03
    """an end that predicts within this of the one before it goes"""
    dtype: Dtype = "auto"
    """number format of the forward pass; auto is float32 on a CPU, and as stored on a GPU"""
    seed: Seed = 0
    """seed of the splits and the drawn windows"""
    device: str = "auto"
    """cpu, cuda, cuda:1 and so on; auto takes a GPU where there is one"""
    batch: Annotated[int, Range(1, 4096), ADVANCED] = 16
    """windows a forward pass"""
    chunk: Annotated[int, Range(1, 10_000), ADVANCED] = 128
    """sides whose questions are asked together"""
    positions: Annotated[int, Range(0), ADVANCED] = 0
    """positions of a forward pass of short texts; 0 for as many as suit the device"""

    def __post_init__(self) -> None:
        check_fields(self, ModelError)

    @classmethod
    def of(cls, given: Mapping[str, Any] | Settings | None) -> Settings:
        """From a mapping of some of the fields. Raises ModelError with the known names."""
        return chosen(cls, given, "Neuron to Graph")

    @property
    def identity(self) -> dict[str, Any]:
        """What determines a graph."""
        return {"method": METHOD} | {f.name: getattr(self, f.name) for f in fields(self) if f.name not in SPEED}
