"""What an MLP reads and writes, seen in a pass without numbers: whose output is whose input, and what lies between."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ...schema import ModelError
from .blocks import Block
from .skeleton import Skeleton, Trace

SUMS = ("aten.add.Tensor", "aten.add_.Tensor")
DIRECT = (
    *SUMS,
    *("aten.mul.Tensor", "aten.div.Tensor", "aten.stack.default", "aten.cat.default", "aten.mean.dim"),
)
"""What a model may do to its stream before the final norm, its several streams together (Gemma 3n)."""
COPIES = ("aten.clone.default", "aten._to_copy.default", "aten.native_dropout.default")


@dataclass(frozen=True)
class Wiring:
    """The norms of a model, as modules."""

    pre: tuple[nn.Module | None, ...]
    """a layer: what its MLP reads through; None where it reads the stream"""
    post: tuple[nn.Module | None, ...]
    """a layer: what the MLP's output passes before it joins the stream, or, where norms stand in the stream, with it"""
    final: nn.Module | None
    """what stands before the unembedding"""
    between: str | None
    """the path of a matrix or an activation before that norm: neurons do not write to the unembedding directly"""


def find_wiring(skeleton: Skeleton, blocks: Sequence[Block], head: nn.Module) -> Wiring:
    """Raises ModelError that says which part of the model does not do what one of its kind does."""
    return _Finder(skeleton, blocks, head).wiring()


def read_through(skeleton: Skeleton, module: nn.Module) -> nn.Module | None:
    """The norm whose output a module reads; None where it reads something else. Raises ModelError."""
    trace = skeleton.traced
    writers = {trace.written[each]: each for each in reversed(trace.written) if next(each.children(), None) is None}
    found = writers.get(trace.read[module]) if module in trace.read else None
    return None if found is None or _matrix(found) or _activation(found) else found


class _Finder:
    def __init__(self, skeleton: Skeleton, blocks: Sequence[Block], head: nn.Module) -> None:
        self.skeleton, self.blocks, self.head = skeleton, blocks, head
        self.trace: Trace = skeleton.traced
        self.leaves = [
            module
            for module in self.trace.written
            if next(module.children(), None) is None and self.trace.read[module] != self.trace.written[module]
        ]
        """modules without parts of their own; what passes its input on is none"""
        self.layers = _layers([skeleton.path(block.out) for block in blocks])
        self.writers = {self.trace.written[module]: module for module in reversed(self.leaves)}

    def wiring(self) -> Wiring:
        for number, block in enumerate(self.blocks):
            self._pointwise(number, block)
        if self.head not in self.trace.read:
            raise self._error("its unembedding takes no part in a pass")
        final = self.writers.get(self.trace.read[self.head])
        if final is not None and _matrix(final):
            raise self._error(f"its unembedding reads what {self._path(final)} writes, expected a norm of the stream")
        inside = None if final is None else self._inside(final)
        if inside is not None:  # norms stand in the stream itself: what an MLP reads is the stream
            return Wiring((None,) * len(self.blocks), inside, None, None)
        if final is not None and not self._reaches(self.trace.read[final], DIRECT):
            return Wiring(self._pre(), self._post(), None, self._before(final))
        return Wiring(self._pre(), self._post(), final, None)

    def _pointwise(self, number: int, block: Block) -> None:
        """Raise ModelError unless a neuron's value follows from its own gate and up values alone."""
        if block.up not in self.trace.written or block.out not in self.trace.read:
            raise self._error(f"layer {number}: its MLP takes no part in a pass")
        ends = {self.trace.written[each] for each in (block.up, block.gate) if each is not None}
        left, known = [self.trace.read[block.out]], set()
        reached = False
        while left:
            place = left.pop()
            if place in ends or place in known:
                reached = reached or place in ends
                continue
            known.add(place)
            norm = self.writers.get(place)
            if norm is not None and norm is not block.out and not _matrix(norm) and not _activation(norm):
                left.append(self.trace.read[norm])  # BitNet norms the neurons of a layer together
                continue
            step = self.trace.steps.get(place)
            if step is None:  # a parameter, such as that of an activation
                continue
            if not step.pointwise and step.name not in COPIES:
                raise self._error(
                    f"layer {number}: between its projections stands {step.name}, expected an activation and products: "
                    "a layer that mixes positions or channels there has no neurons"
                )
            left += step.given
        if not reached:
            raise self._error(
                f"layer {number}: what its output projection reads is not what its input projection writes"
            )

    def _pre(self) -> tuple[nn.Module | None, ...]:
        found = []
        for number, block in enumerate(self.blocks):
            place = self.trace.read[block.up]
            writer = self.writers.get(place)
            if writer is None and not self._reaches(place, SUMS):
                raise self._error(f"layer {number}'s MLP reads neither the stream nor a norm of it")
            if writer is not None and (_matrix(writer) or _activation(writer)):
                raise self._error(
                    f"layer {number}'s MLP reads what {self._path(writer)} writes, expected a norm's output"
                )
            found.append(writer)
        return tuple(found)

    def _post(self) -> tuple[nn.Module | None, ...]:
        readers: dict[int, list[nn.Module]] = {}
        for module in self.leaves:
            if not _matrix(module):
                readers.setdefault(self.trace.read[module], []).append(module)
        after = [readers.get(self.trace.written[block.out], []) for block in self.blocks]
        return tuple(found[0] if len(found) == 1 else None for found in after)

    def _inside(self, final: nn.Module) -> tuple[nn.Module, ...] | None:
        """The norm at the same place of every layer, where the last one's stands before the unembedding."""
        last = self.layers[-1]
        if not self._path(final).startswith(f"{last}."):
            return None
        rest = self._path(final).removeprefix(f"{last}.")
        return tuple(self.skeleton.model.get_submodule(f"{layer}.{rest}") for layer in self.layers)

    def _reaches(self, place: int, by: Collection[str]) -> bool:
        """Whether the stream, a layer's input or output, is a part of this by such operations alone."""
        layers = [self.skeleton.model.get_submodule(layer) for layer in self.layers]
        ends = (self.trace.read, self.trace.written)
        streams = {end[layer] for end in ends for layer in layers if layer in end}
        known: set[int] = set()
        left = [place]
        while left:
            at = left.pop()
            if at in streams:
                return True
            step = self.trace.steps.get(at)
            if step is not None and at not in known and step.name in by:
                left += step.given
            known.add(at)
        return False

    def _before(self, final: nn.Module) -> str:
        """The path of the last matrix before a norm."""
        known: set[int] = set()
        left = [self.trace.read[final]]
        while left:
            at = left.pop(0)
            if (writer := self.writers.get(at)) is not None and _matrix(writer):
                return self._path(writer)
            step = self.trace.steps.get(at)
            if step is not None and at not in known:
                left += step.given
            known.add(at)
        return self._path(final)

    def _path(self, module: nn.Module) -> str:
        return self.skeleton.path(module)

    def _error(self, what: str) -> ModelError:
        return ModelError(f"{type(self.skeleton.model).__name__}: {what}")


def _layers(outs: Sequence[str]) -> list[str]:
    """Paths of the layers, given that of a module in each, one layer a module."""
    parts = [path.split(".") for path in outs]
    last = str(len(parts) - 1)
    depth = next(i for i, part in enumerate(parts[-1]) if part == last and parts[0][i] == "0") + 1
    return [".".join(each[:depth]) for each in parts]


def _matrix(module: nn.Module) -> bool:
    weight: Any = getattr(module, "weight", None)
    return isinstance(weight, torch.Tensor) and weight.ndim >= 2 and not isinstance(module, nn.Embedding)


def _activation(module: nn.Module) -> bool:
    return type(module).__module__.endswith("activations") or type(module).__module__.endswith("modules.activation")
