"""Every dense family as a tiny model with random weights, built by transformers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    Phi3Config,
    PhiConfig,
    Qwen2Config,
    Qwen3Config,
)

D, FF, LAYERS, VOCAB = 32, 48, 2, 97
SIZES: dict[str, Any] = {
    "vocab_size": VOCAB,
    "hidden_size": D,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 0,
}
WIDE = {**SIZES, "intermediate_size": FF}
GROUPED = {**WIDE, "num_key_value_heads": 2}

CONFIGS: dict[str, Callable[[], Any]] = {
    "llama": lambda: LlamaConfig(**GROUPED, tie_word_embeddings=False),
    "llama-tied": lambda: LlamaConfig(**GROUPED, tie_word_embeddings=True),
    "mistral": lambda: MistralConfig(**GROUPED),
    "qwen2": lambda: Qwen2Config(**GROUPED, tie_word_embeddings=True),
    "qwen3": lambda: Qwen3Config(**GROUPED, head_dim=8),
    "gemma2": lambda: Gemma2Config(**GROUPED, head_dim=8),
    "gemma3": lambda: Gemma3TextConfig(**GROUPED, head_dim=8),
    "gpt2": lambda: GPT2Config(
        vocab_size=VOCAB, n_embd=D, n_layer=LAYERS, n_head=4, n_inner=FF, n_positions=64, bos_token_id=0, eos_token_id=1
    ),
    "neox": lambda: GPTNeoXConfig(**WIDE, use_parallel_residual=True),
    "neox-sequential": lambda: GPTNeoXConfig(**WIDE, use_parallel_residual=False),
    "opt": lambda: OPTConfig(**SIZES, ffn_dim=FF, word_embed_proj_dim=D),
    "opt-post-norm": lambda: OPTConfig(**SIZES, ffn_dim=FF, word_embed_proj_dim=D, do_layer_norm_before=False),
    "phi": lambda: PhiConfig(**WIDE),
    "phi3": lambda: Phi3Config(**GROUPED),
}
GATED = {"llama", "llama-tied", "mistral", "qwen2", "qwen3", "gemma2", "gemma3", "phi3"}
TIED = {"llama-tied", "qwen2", "gemma2", "gemma3", "gpt2", "opt", "opt-post-norm"}


def build(config: Any, seed: int = 0) -> Any:
    """A model whose every parameter is random, gains and biases too."""
    torch.manual_seed(seed)
    auto: Any = AutoModelForCausalLM
    model = auto.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.3)
            if parameter.ndim == 1:
                parameter.add_(0.7)
    return model


def save(family: str, folder: Path, **options: Any) -> Any:
    """Build one family's model and save it. Returns the model."""
    model = build(CONFIGS[family]())
    model.save_pretrained(folder, **options)
    return model
