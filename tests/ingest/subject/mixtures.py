"""Families of mixtures of experts as tiny models with random weights, built by transformers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import (
    DeepseekV3Config,
    GptOssConfig,
    GraniteMoeConfig,
    GraniteMoeSharedConfig,
    Llama4TextConfig,
    MixtralConfig,
    OlmoeConfig,
    PhimoeConfig,
    Qwen2MoeConfig,
    Qwen3MoeConfig,
)

from .families import GROUPED, build

EXPERTS, CHOSEN, D_EXPERT = 4, 2, 20
WIDE: dict[str, Any] = {**GROUPED, "intermediate_size": D_EXPERT, "num_experts_per_tok": CHOSEN}
LOCAL = {**WIDE, "num_local_experts": EXPERTS}

CONFIGS: dict[str, Callable[[], Any]] = {
    "mixtral": lambda: MixtralConfig(**LOCAL),
    "olmoe": lambda: OlmoeConfig(**WIDE, num_experts=EXPERTS),
    "qwen2-moe": lambda: Qwen2MoeConfig(
        **WIDE, num_experts=EXPERTS, moe_intermediate_size=D_EXPERT, shared_expert_intermediate_size=28
    ),
    "qwen3-moe": lambda: Qwen3MoeConfig(
        **{**WIDE, "intermediate_size": 48, "head_dim": 8},
        num_experts=EXPERTS,
        moe_intermediate_size=D_EXPERT,
        mlp_only_layers=[1],
    ),
    "deepseek-v3": lambda: DeepseekV3Config(
        **{**WIDE, "intermediate_size": 48, "num_key_value_heads": 4},
        n_routed_experts=EXPERTS,
        moe_intermediate_size=D_EXPERT,
        n_shared_experts=2,
        n_group=2,
        topk_group=1,
        first_k_dense_replace=1,
        q_lora_rank=8,
        kv_lora_rank=8,
        qk_rope_head_dim=4,
        qk_nope_head_dim=4,
        v_head_dim=8,
    ),
    "gpt-oss": lambda: GptOssConfig(**LOCAL, head_dim=8, layer_types=["full_attention"] * 2),
    "gpt-oss-square": lambda: GptOssConfig(
        **{**LOCAL, "intermediate_size": 32}, head_dim=8, layer_types=["full_attention"] * 2
    ),
    "llama4": lambda: Llama4TextConfig(
        **{**LOCAL, "num_experts_per_tok": 1}, head_dim=8, intermediate_size_mlp=48, moe_layers=[1]
    ),
    "granite-moe": lambda: GraniteMoeConfig(**LOCAL),
    "granite-moe-shared": lambda: GraniteMoeSharedConfig(**LOCAL, shared_intermediate_size=28),
    "phimoe": lambda: PhimoeConfig(**LOCAL),
}
SHARED = {"qwen2-moe": 28, "deepseek-v3": 40, "llama4": 20, "granite-moe-shared": 28}
"""Families with a shared expert, and its neurons."""
DENSE = {"qwen3-moe": (1, 48), "deepseek-v3": (0, 48), "llama4": (0, 48)}
"""Families with a dense layer, which, and its neurons."""
WIDTHS = {"gpt-oss-square": 32}
"""Neurons of an expert, where they are not D_EXPERT."""


def save(family: str, folder: Path) -> Any:
    """Build one family's model and save it. Returns the model."""
    model = build(CONFIGS[family]())
    model.save_pretrained(folder)
    return model
