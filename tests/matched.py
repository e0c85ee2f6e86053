"""A small Llama and models whose neurons are known to match it: permuted, fine-tuned, overwritten, strangers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from neuronkb.tests import planted

LAYERS, WIDTH, D_MODEL = 2, 48, 32
MLP = ("gate_proj", "up_proj", "down_proj")


def base(folder: Path, seed: int = 0, d_model: int = D_MODEL) -> Path:
    """Random weights, a word-level tokenizer."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(planted.TOKENS),
        hidden_size=d_model,
        intermediate_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        num_key_value_heads=1,
        tie_word_embeddings=False,
        max_position_embeddings=64,
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.3)
            if parameter.ndim == 1:
                parameter.add_(0.7)
    model.save_pretrained(folder)
    planted.write_tokenizer(folder)
    return folder


def changed(of: Path, folder: Path, change: Callable[[int, Any], None]) -> Path:
    """A copy of a model with `change(layer, mlp)` done to every MLP."""
    from transformers import LlamaForCausalLM

    model = LlamaForCausalLM.from_pretrained(of)
    with torch.no_grad():
        for number, layer in enumerate(model.model.layers):
            change(number, layer.mlp)
    model.save_pretrained(folder)
    planted.write_tokenizer(folder)
    return folder


def order(layer: int) -> torch.Tensor:
    """Which neuron of the base stands at each place of the permuted copy."""
    return torch.randperm(WIDTH, generator=torch.Generator().manual_seed(100 + layer))


def permuted(of: Path, folder: Path) -> Path:
    """The same function with the neurons of every layer in another order."""

    def change(layer: int, mlp: Any) -> None:
        places = order(layer)
        for name in MLP:
            weight = getattr(mlp, name).weight
            weight.copy_(weight[:, places] if name == "down_proj" else weight[places])

    return changed(of, folder, change)


def tuned(of: Path, folder: Path, size: float = 0.05, overwritten: tuple[tuple[int, int], ...] = ()) -> Path:
    """Every row moved a little; the `overwritten` neurons, (layer, index), made anew."""
    torch.manual_seed(5)

    def change(layer: int, mlp: Any) -> None:
        for name in MLP:
            weight = getattr(mlp, name).weight
            weight += size * torch.randn_like(weight)
            for _, index in (pair for pair in overwritten if pair[0] == layer):
                new = 0.3 * torch.randn(D_MODEL)
                weight[(slice(None), index) if name == "down_proj" else index] = new

    return changed(of, folder, change)
