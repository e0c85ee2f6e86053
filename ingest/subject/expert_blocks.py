"""Finds the experts of a mixture among a running model's modules, and reads and changes their neurons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ...schema import SHARED, ModelError
from .architecture import Architecture
from .blocks import Block, Site, block_of

SCALED = ("Llama4TextExperts",)
"""Experts that are handed every token, scaled by what the router gives them: 0 where it does not send it."""
CLOSE = 1e-3
"""Of the largest value: how far an expert worked by hand may be from the running one, whose sums are in another order
and perhaps in 16 bits."""


@dataclass(frozen=True)
class Routed:
    """The tokens that reached one expert."""

    rows: torch.Tensor
    """int64 `[m]`: their numbers, texts end to end"""
    states: torch.Tensor
    """`[m, d_model]`: what the expert reads"""
    share: torch.Tensor
    """`[m, 1]`: what the router multiplies the expert's output with"""


@dataclass(frozen=True)
class ExpertBlock:
    """One expert. Its neurons have a value on the tokens that reach it; elsewhere they are NaN to who reads them."""

    module: nn.Module
    """holds all experts of the layer, and is run on all tokens"""
    expert: int
    d_mlp: int
    gated: bool

    @property
    def gate(self) -> nn.Module | None:
        """None in an ungated model."""
        return self.module if self.gated else None

    @property
    def sites(self) -> tuple[Site, ...]:
        """What can be read and changed here."""
        return ("hidden",)

    @property
    def scaled(self) -> bool:
        """Whether it is handed all tokens, scaled."""
        return type(self.module).__name__ in SCALED

    @property
    def experts(self) -> int:
        """of the layer"""
        return self._parameter("down_proj").shape[0]

    def routed(self, given: Sequence[torch.Tensor]) -> Routed:
        """The tokens that reach it, of what the module is given: states, experts of each token and their weights."""
        if self.scaled:
            states = given[0].view(self.experts, -1, given[0].shape[-1])[self.expert]
            rows = (states != 0).any(1).nonzero()[:, 0]
            return Routed(rows, states[rows], torch.ones_like(states[rows, :1]))
        states, index, weight = given
        here = index == self.expert
        rows = here.any(1).nonzero()[:, 0]
        share = torch.where(here, weight, torch.zeros_like(weight)).sum(1, keepdim=True)[rows]
        return Routed(rows, states[rows], share)

    @property
    def dtype(self) -> torch.dtype:
        """of its weights"""
        return self._parameter("down_proj").dtype

    def hidden(self, states: torch.Tensor) -> torch.Tensor:
        """The neurons' values `[m, d_mlp]`, with the module's own activation."""
        return self.after(self.before(states))

    def before(self, states: torch.Tensor) -> torch.Tensor:
        """What its input projections write, `[m, 2 * d_mlp]` in a gated model."""
        return self._times(states, "gate_up_proj" if self.gated else "up_proj")

    def after(self, before: torch.Tensor) -> torch.Tensor:
        """The neurons' values that follow from it."""
        if self.scaled:
            gate, up = before.chunk(2, dim=-1)
            return torch.as_tensor(self.module.act_fn(gate) * up)  # type: ignore[operator]
        act: Callable[[torch.Tensor], torch.Tensor] = getattr(self.module, "_apply_gate" if self.gated else "act_fn")
        return act(before)

    def places(self, interleaved: bool) -> dict[str, slice]:
        """The columns of `before` by projection."""
        if not self.gated:
            return {"up": slice(None)}
        if interleaved:
            return {"gate": slice(0, None, 2), "up": slice(1, None, 2)}
        return {"gate": slice(None, self.d_mlp), "up": slice(self.d_mlp, None)}

    def written(self, hidden: torch.Tensor, bias: bool = False) -> torch.Tensor:
        """What values `[m, d_mlp]` write, before the router's weight: `[m, d_model]`."""
        return self._times(hidden, "down_proj", bias)

    def change(self, output: torch.Tensor, routed: Routed, delta: torch.Tensor) -> torch.Tensor:
        """The module's output with `delta` `[m, d_mlp]` added to the neurons' values."""
        changed, wrote = output.clone(), routed.share * self.written(delta)
        if self.scaled:
            changed.view(self.experts, -1, output.shape[-1])[self.expert, routed.rows] += wrote
        else:
            changed[routed.rows] += wrote.to(changed.dtype)
        return changed

    def _times(self, values: torch.Tensor, name: str, bias: bool = True) -> torch.Tensor:
        weight = self._parameter(name)[self.expert]
        found = values @ (weight if self.scaled or self.module.is_transposed else weight.T)
        if bias and getattr(self.module, "has_bias", False):
            found = found + self._parameter(f"{name}_bias")[self.expert]
        return found

    def _parameter(self, name: str) -> torch.Tensor:
        found: torch.Tensor = getattr(self.module, name)
        return found


AnyBlock = Block | ExpertBlock


def find_mlp_blocks(model: nn.Module, architecture: Architecture) -> tuple[AnyBlock, ...]:
    """One block an MLP of the architecture, in its order.

    Each layer's experts are tried on random states: by hand they must give what the module gives. Raises ModelError
    that says which part was not found, or that a layer's experts compute something else.
    """
    layers = _layers(model, architecture)
    found: list[AnyBlock] = []
    for mlp in architecture.mlps:
        layer = layers[mlp.at.layer]
        if mlp.at.expert is None:
            found.append(block_of(layer, architecture.d_model, mlp.at.layer, model))
        elif mlp.at.expert == SHARED:
            found.append(block_of(_shared(layer, mlp.at.layer), architecture.d_model, mlp.at.layer, model))
        else:
            module = _experts(layer, mlp.at.layer)
            block = ExpertBlock(module, mlp.at.expert, mlp.d_mlp, mlp.parts.gated)
            if mlp.at.expert == 0:
                _check(block, mlp.at.layer)
            found.append(block)
    return tuple(found)


def _layers(model: nn.Module, architecture: Architecture) -> list[nn.Module]:
    stacks = [m for m in model.modules() if isinstance(m, nn.ModuleList) and len(m) == architecture.n_layers]
    with_experts = [stack for stack in stacks if any(map(_candidates, stack))]
    if len(with_experts) != 1:
        raise ModelError(
            f"{type(model).__name__}: {len(with_experts)} lists of {architecture.n_layers} layers with experts that "
            "can be run one at a time, expected one"
        )
    return list(with_experts[0])


def _candidates(layer: nn.Module) -> list[nn.Module]:
    """Modules that hold stacks of all experts' projections."""

    def stacked(module: nn.Module) -> bool:
        down = getattr(module, "down_proj", None)
        known = type(module).__name__ in SCALED or hasattr(module, "is_transposed")
        return isinstance(down, nn.Parameter) and down.ndim == 3 and known

    return [module for module in layer.modules() if stacked(module)]


def _experts(layer: nn.Module, number: int) -> nn.Module:
    found = _candidates(layer)
    if len(found) != 1 or getattr(found[0], "has_post_expert_norm", False):
        raise ModelError(f"layer {number}: no experts were found that can be run one at a time")
    return found[0]


def _shared(layer: nn.Module, number: int) -> nn.Module:
    names = ("shared_expert", "shared_experts", "shared_mlp")
    found: list[nn.Module] = [part for name, part in layer.named_modules() if name.rpartition(".")[2] in names]
    if len(found) == 1:
        return found[0]
    raise ModelError(f"layer {number}: its shared expert was not found among the running model's modules")


@torch.no_grad()
def _check(block: ExpertBlock, number: int) -> None:
    """Raise ModelError where experts worked by hand are not what the module gives."""
    down = block._parameter("down_proj")
    experts, width = down.shape[0], down.shape[2 if block.scaled or block.module.is_transposed else 1]
    draw = torch.Generator().manual_seed(0)
    states = torch.randn(experts, width, generator=draw).to(down.device, down.dtype)
    given: tuple[Any, ...] = (states,)
    if not block.scaled:
        index = torch.stack([torch.arange(experts), torch.arange(experts).roll(1)], dim=1).to(down.device)
        given = (states, index, torch.rand(index.shape, generator=draw).to(down.device, down.dtype))
    expected = block.module(*given)
    found = torch.zeros_like(expected)
    for expert in range(experts):
        one = ExpertBlock(block.module, expert, block.d_mlp, block.gated)
        routed = one.routed(given)
        wrote = routed.share * one.written(one.hidden(routed.states), bias=True)
        found[routed.rows + (expert if block.scaled else 0)] += wrote.to(found.dtype)
    if not torch.allclose(found, expected, rtol=0, atol=CLOSE * max(1.0, float(expected.abs().max()))):
        raise ModelError(
            f"layer {number}: its experts ({type(block.module).__name__}) do not compute what their projections and "
            "activation say; they are not run one at a time"
        )
