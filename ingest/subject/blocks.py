"""Finds the MLPs among a running model's modules."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
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
    d_model = stream_width(model)
    stacks = {path: list(m) for path, m in model.named_modules() if isinstance(m, nn.ModuleList) and len(m)}
    found = {path: stack for path, stack in stacks.items() if all(_outputs(layer, d_model) for layer in stack)}
    if not found:
        raise ModelError(
            f"{type(model).__name__}: no list of layers with an MLP output projection to width {d_model} was found; "
            "expected a dense causal language model"
        )
    # Of several, such as a vision tower's and the language model's, the one that stands nearest to the tokens.
    tokens = _path(model, _embedding(model))
    nearest = max(found, key=lambda path: (_shared(path, tokens), len(found[path])))
    return tuple(block_of(layer, d_model, number, model) for number, layer in enumerate(found[nearest]))


def stream_width(model: nn.Module) -> int:
    """d_model, by the config; by the embedding where it is silent."""
    config: Any = getattr(model, "config", None)
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    embedding: Any = _embedding(model)
    return int(getattr(text, "hidden_size", None) or embedding.embedding_dim)


def _embedding(model: nn.Module) -> nn.Module:
    """Where token ids go in. Raises ModelError."""
    asked: Any = getattr(model, "get_input_embeddings", lambda: None)
    with suppress(NotImplementedError):
        if isinstance(found := asked(), nn.Module):
            return found
    found = next((m for m in model.modules() if isinstance(m, nn.Embedding)), None)
    if found is None:
        raise ModelError(f"{type(model).__name__}: no token embedding was found; expected a causal language model")
    return found


def _path(model: nn.Module, wanted: nn.Module) -> str:
    return next(str(path) for path, module in model.named_modules() if module is wanted)


def _shared(one: str, two: str) -> int:
    """Parts that two paths have in common from the root on."""
    pairs = zip(one.split("."), two.split("."), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


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
    roles: dict[str, nn.Module] = {}
    for name, module, read, written in _linears(layer):
        if read == d_model and written in (d_mlp, 2 * d_mlp) and module is not out:
            role = "gate_up" if written == 2 * d_mlp else ROLES.get(name, "up")
            if role in roles:
                raise ModelError(f"{where}: two maps could be the MLP's {role} projection, {name} one of them")
            roles[role] = module
    up = roles.get("up") or roles.get("gate_up")
    if up is None:
        raise ModelError(f"{where}: no MLP input projection from width {d_model} to {d_mlp} was found")
    return Block(out, up, roles.get("gate") or roles.get("gate_up"), d_mlp)
