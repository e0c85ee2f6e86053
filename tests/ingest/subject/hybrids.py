"""Tiny models with random weights that keep states beside keys and values, as state-space layers do."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from .families import FF, SIZES, VOCAB, D

LAYERS = 3
MIXED = ["linear_attention", "linear_attention", "full_attention"]
LINEAR: dict[str, Any] = {
    "head_dim": 8,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 2,
    "linear_key_head_dim": 8,
    "linear_value_head_dim": 8,
}
MAMBA: dict[str, Any] = {"mamba_n_heads": 8, "mamba_d_head": 8, "mamba_n_groups": 1, "mamba_d_state": 8}
HYBRIDS: dict[str, dict[str, Any]] = {
    "bamba": {**MAMBA, "attn_layer_indices": [2]},
    "falcon_h1": {**MAMBA, "head_dim": 8, "mamba_d_ssm": D, "mamba_n_heads": 4},
    "granitemoehybrid": {
        **MAMBA,
        "num_local_experts": 0,
        "num_experts_per_tok": 0,
        "shared_intermediate_size": FF,
        "layer_types": ["mamba", "mamba", "attention"],
    },
    "lfm2": {"block_ff_dim": FF, "block_auto_adjust_ff_dim": False, "layer_types": ["conv", "conv", "full_attention"]},
    "olmo_hybrid": {**LINEAR, "layer_types": MIXED},
    "qwen3_5_text": {**LINEAR, "layer_types": MIXED},
    "recurrent_gemma": {"lru_width": D, "head_dim": 8, "block_types": ["recurrent", "recurrent", "attention"]},
}


def build_hybrid(name: str, vocabulary: int = VOCAB) -> Any:
    """A model whose every matrix is random."""
    grouped = {**SIZES, "num_key_value_heads": 2, "intermediate_size": FF}
    sizes = {**grouped, "vocab_size": vocabulary, "num_hidden_layers": LAYERS, **HYBRIDS[name]}
    torch.manual_seed(0)
    auto: Any = AutoModelForCausalLM
    model = auto.from_config(AutoConfig.for_model(name, **sizes), dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0.0, 0.2)
    return model
