"""Finds the MLPs among a running model's modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ...schema import ModelError
from .names import ROLES

Site = str
"""`hidden`: the neuron vector that the output projection reads. `gate`, `up`: what those projections write."""

SITES = ("hidden", "gate", "up")


@dataclass(frozen=True)
class Block:
    """The MLP of one layer."""

    out: nn.Module
    """reads the neuron vector `[..., d_mlp]`"""
    up: nn.Module
    """writes the pre-activations `[..., d_mlp]`; gate rows first, then up rows, where `fused`"""
    gate: nn.Module | None
    """None in an ungated model; the same module as `up` where `fused`"""
    d_mlp: int

    @property
    def fused(self) -> bool:
        return self.gate is self.up

    @property
    def sites(self) -> tuple[Site, ...]:
        """What can be read and changed here."""
        return SITES if self.gate is not None else ("hidden", "up")


def find_blocks(model: nn.Module) -> tuple[Block, ...]:
    """One Block a layer, first layer first.

    The neurons lie before the layer's only linear map from the MLP's width to the stream's. Raises ModelError that
    says which part was not found.
    """
    d_model = _width(model)
    stacks: list[list[nn.Module]] = [list(m) for m in model.modules() if isinstance(m, nn.ModuleList) and len(m)]
    found = [stack for stack in stacks if all(_outputs(layer, d_model) for layer in stack)]
    if not found:
        raise ModelError(
            f"{type(model).__name__}: no list of layers with an MLP output projection to width {d_model} was found; "
            "expected a dense causal language model"
        )
    longest = max(found, key=len)
    return tuple(block_of(layer, d_model, number, model) for number, layer in enumerate(longest))


def _width(model: nn.Module) -> int:
    """d_model, by the config; by the embedding where it is silent."""
    embeddings = [m for m in model.modules() if isinstance(m, nn.Embedding)]
    if not embeddings:
        raise ModelError(f"{type(model).__name__}: no token embedding was found; expected a causal language model")
    config: Any = getattr(model, "config", None)
    return int(getattr(config, "hidden_size", None) or embeddings[0].embedding_dim)


def _linears(layer: nn.Module) -> Iterator[tuple[str, nn.Module, int, int]]:
    """Name, module, width read and width written of every linear map of a layer outside its attention."""
    for name, module in layer.named_modules():
        if any("attn" in part or "attention" in part for part in name.split(".")):
            continue
        weight = getattr(module, "weight", None)
        if not isinstance(weight, torch.Tensor) or weight.ndim != 2 or isinstance(module, nn.Embedding):
            continue
        # transformers' Conv1D, GPT-2's, keeps its matrix as [in, out].
        read, written = weight.shape if type(module).__name__ == "Conv1D" else weight.shape[::-1]
        yield name.rpartition(".")[2], module, int(read), int(written)


def _outputs(layer: nn.Module, d_model: int) -> list[tuple[nn.Module, int]]:
    """Modules that may be the MLP's output projection, with the width they read."""
    linears = list(_linears(layer))
    named = [
        (module, read) for name, module, read, written in linears if ROLES.get(name) == "down" and written == d_model
    ]
    if named:
        return named
    # A family whose names are new to us: the map to the stream's width from a width that others write.
    written = {out for *_, out in linears}
    return [
        (m, read) for _, m, read, out in linears if out == d_model and read != d_model and written & {read, 2 * read}
    ]


def block_of(layer: nn.Module, d_model: int, number: int, model: nn.Module) -> Block:
    """The one MLP of a module. Raises ModelError."""
    where = f"{type(model).__name__}, layer {number}"
    outputs = _outputs(layer, d_model)
    if len(outputs) != 1:
        raise ModelError(
            f"{where}: {len(outputs)} maps could be the MLP's output projection, expected one (no mixture of experts)"
        )
    out, d_mlp = outputs[0]
    roles = {}
    for name, module, read, written in _linears(layer):
        if read == d_model and written in (d_mlp, 2 * d_mlp) and module is not out:
            roles[ROLES.get(name) or ("gate_up" if written == 2 * d_mlp else "up")] = module
    up = roles.get("up") or roles.get("gate_up")
    if up is None:
        raise ModelError(f"{where}: no MLP input projection from width {d_model} to {d_mlp} was found")
    return Block(out, up, roles.get("gate") or roles.get("gate_up"), d_mlp)
