"""What readers of published files hand on, besides explanations."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from ....schema import LatentId, NeuronId, PublishedError
from ..records import Explanation, Unit
from .fields import Unfit
from .tally import Tally

Format = Literal["openai", "delphi", "neuronpedia"]
FORMATS: tuple[Format, ...] = ("openai", "delphi", "neuronpedia")


@dataclass(frozen=True)
class Window:
    """A token window and what a unit does on it."""

    unit: Unit
    tokens: tuple[str, ...]
    values: tuple[float, ...]
    """one a token"""
    band: str
    """top, random, or what band of activations it was drawn from"""
    corpus: str | None = None


def window(unit: Unit, tokens: tuple[str, ...], values: tuple[float, ...], band: str, corpus: str | None) -> Window:
    """A checked window. Raises Unfit."""
    if not tokens:
        raise Unfit("a window without tokens")
    if len(tokens) != len(values):
        raise Unfit("a window with more tokens than activations, or fewer")
    if not all(map(math.isfinite, values)):
        raise Unfit("a window with an activation that is no finite number")
    return Window(unit, tokens, values, band, corpus)


@dataclass(frozen=True)
class Statistics:
    """Properties of a Stats node."""

    unit: Unit
    facts: Mapping[str, float | list[float] | None]


Item = Explanation | Window | Statistics


@dataclass(frozen=True)
class Dictionary:
    """What is known of a Source."""

    kind: str
    hook: str | None = None


@dataclass(frozen=True)
class Given:
    """What the caller says of files that do not say it."""

    model: str | None = None
    source: str | None = None
    explainer: str | None = None
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """layers and neurons a layer of the models that are known already"""

    def fits(self, unit: Unit, where: str) -> None:
        """Raise PublishedError for a neuron that its model does not have."""
        if isinstance(unit, LatentId) or unit.model not in self.sizes:
            return
        layers, width = self.sizes[unit.model]
        for name, value, end in (("layer", unit.layer, layers), ("neuron", unit.index, width)):
            if value >= end:
                raise PublishedError(
                    f"{where}: {name} {value}, and {unit.model} has {name}s 0 to {end - 1}; name another with --model"
                )


@dataclass(frozen=True)
class Part:
    """Some of the files of one model: what is read, and written as one shard."""

    model: str
    files: tuple[Path, ...]
    folder: Path
    """what file names in messages are relative to, and results are looked up in"""


class Reader(Protocol):
    """One format."""

    dictionaries: dict[str, Dictionary]
    """what was learned of sources, by their name in the model"""

    def parts(self, paths: Collection[Path], tally: Tally) -> list[Part]:
        """What there is to read. Raises PublishedError where it cannot be told of which model it is."""

    def items(self, part: Part, tally: Tally) -> Iterator[Item]:
        """What a part says; all else is counted. Raises PublishedError for a file that is damaged."""


def unit_of(model: str, source: str, index: int) -> Unit:
    """The unit of a Neuronpedia source: `3` and `3-mlp` have the neurons of layer 3, other sources are dictionaries.

    Raises Unfit for a channel of the residual stream (`3-resid`) and for a layer below 0, which are neither.
    """
    layer, dash, name = source.partition("-")
    if layer.isascii() and layer.isdigit() and len(layer) < 6:
        if name == "resid":
            raise Unfit("a channel of the residual stream, which is neither neuron nor latent")
        if not dash or name == "mlp":
            return NeuronId(model, int(layer), index)
    if not layer and name.isascii() and name.isdigit():
        raise Unfit(f"layer {source}, which no neuron has")
    return LatentId(model, source, index)
