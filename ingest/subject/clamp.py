"""Changes to neurons while a model runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from ...schema import ModelError
from .blocks import Site
from .expert_blocks import AnyBlock
from .hooks import Shape, Values, Visit

How = Literal["set", "add", "scale"]


@dataclass(frozen=True)
class Clamp:
    """One neuron held, shifted or scaled in every forward pass."""

    layer: int
    neuron: int
    value: float
    how: How = "set"
    """`set`: value takes the activation's place; `add`: value is added; `scale`: it is multiplied by value"""
    site: Site = "hidden"
    positions: tuple[int, ...] | None = None
    """positions of the text, all of it unless given; negative ones count from the end of the first pass, the prompt"""
    row: int | None = None
    """row of the batch, every row unless given"""

    @classmethod
    def ablate(cls, layer: int, neuron: int, mean: float = 0.0) -> Clamp:
        """Set to zero, or to its mean over a corpus: mean ablation."""
        return cls(layer, neuron, mean)

    def check(self, blocks: Sequence[AnyBlock]) -> None:
        """Raise ModelError for a neuron or site that the model does not have, and for a value that is no number."""
        if not 0 <= self.layer < len(blocks):
            raise ModelError(f"no layer {self.layer!r}: the model has layers 0 to {len(blocks) - 1}")
        block = blocks[self.layer]
        if not 0 <= self.neuron < block.d_mlp:
            raise ModelError(f"no neuron {self.neuron!r} in layer {self.layer}: it has 0 to {block.d_mlp - 1}")
        if self.site not in block.sites:
            known = ", ".join(block.sites)
            raise ModelError(f"site is {self.site!r}, expected one of {known}")
        if self.how not in ("set", "add", "scale"):
            raise ModelError(f"how is {self.how!r}, expected set, add or scale")
        if not math.isfinite(self.value):
            raise ModelError(f"the clamp's value is {self.value!r}, expected a finite number")


def changes(clamps: Iterable[Clamp]) -> dict[int, dict[Site, list[Clamp]]]:
    """The clamps by layer and site."""
    found: dict[int, dict[Site, list[Clamp]]] = {}
    for clamp in clamps:
        found.setdefault(clamp.layer, {}).setdefault(clamp.site, []).append(clamp)
    return found


def clamping(clamps: dict[int, dict[Site, list[Clamp]]], shape: Shape) -> Visit:
    """The visit that makes the changes; clamps of one neuron act one after the other, in the order given."""
    prompt: list[int] = []

    def visit(layer: int, site: Site, values: Values) -> Values:
        if not shape.past or not prompt:
            prompt[:] = [values.shape[1]]
        changed = values.clone()
        for clamp in clamps[layer][site]:
            rows = slice(None) if clamp.row is None else clamp.row
            where = _where(clamp, shape.past, values.shape[1], prompt[0])
            if not isinstance(where, slice) and not where:
                continue
            part = changed[rows, where, clamp.neuron]
            changed[rows, where, clamp.neuron] = _changed(part, clamp)
        return changed

    return visit


def _where(clamp: Clamp, past: int, length: int, prompt: int) -> slice | list[int]:
    """The clamp's positions in a pass over `length` positions after `past` ones."""
    if clamp.positions is None:
        return slice(None)
    absolute = [p if p >= 0 else prompt + p for p in clamp.positions]
    return [p - past for p in absolute if past <= p < past + length]


def _changed(part: torch.Tensor, clamp: Clamp) -> torch.Tensor:
    if clamp.how == "set":
        return torch.full_like(part, clamp.value)
    return part + clamp.value if clamp.how == "add" else part * clamp.value
