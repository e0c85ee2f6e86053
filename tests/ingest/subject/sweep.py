"""A tiny model with random weights of every family: is what the reader folds and decodes what the model computes?

`python -m neuronkb.tests.ingest.subject.sweep docs/families.md` writes the verdicts down.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from neuronkb.ingest.subject import certificate
from neuronkb.ingest.subject.certificate import certify
from neuronkb.ingest.subject.skeleton import loader
from neuronkb.ingest.subject.subject import Subject
from neuronkb.schema import ModelError
from transformers import AutoConfig

WIDTH, NEURONS, LAYERS, TOKENS, HEADS = 32, 48, 3, 97, 4
NAMES: tuple[tuple[int, tuple[str, ...]], ...] = (
    (TOKENS, ("vocab_size", "vocab_size_per_layer_input")),
    (WIDTH, ("hidden_size", "n_embd", "d_model", "lru_width", "mamba_d_ssm")),
    (LAYERS, ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers", "encoder_layers")),
    (HEADS, ("num_attention_heads", "n_head", "n_heads", "num_heads", "attention_heads")),
    (HEADS, ("decoder_attention_heads", "encoder_attention_heads", "mamba_n_heads")),
    (2, ("num_key_value_heads", "num_kv_heads")),
    (NEURONS, ("intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size", "dff", "d_inner", "decoder_ffn_dim")),
    (NEURONS, ("encoder_ffn_dim", "block_ff_dim", "shared_intermediate_size")),
    (8, ("head_dim", "global_head_dim", "mamba_d_head", "mamba_d_state")),
    (8, ("linear_key_head_dim", "linear_value_head_dim")),
    (8, ("q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "qk_head_dim", "v_head_dim")),
    (64, ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx")),
    (4, ("rotary_dim", "laurel_rank", "state_size")),
    (2, ("linear_num_key_heads", "linear_num_value_heads", "altup_num_inputs", "expansion_ratio")),
    (1, ("mamba_n_groups", "n_groups")),
    (0, ("bos_token_id", "pad_token_id", "num_kv_shared_layers")),
    (1, ("eos_token_id",)),
    (4, ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")),
    (2, ("num_experts_per_tok", "moe_k", "moe_topk")),
    (20, ("moe_intermediate_size",)),
    (28, ("shared_expert_intermediate_size",)),
    (1, ("n_group", "topk_group", "first_k_dense_replace", "n_shared_experts", "num_shared_experts")),
    (1, ("moe_num_shared_experts", "num_dense_layers")),
)
"""What each of the tiny models has, by the names that configs have for it."""
FULL = {"layer_types": ["full_attention"] * LAYERS}
OWN: dict[str, dict[str, Any]] = {
    "gemma3n_text": {**FULL, "hidden_size_per_layer_input": 8, "activation_sparsity_pattern": [0.0] * LAYERS},
    "gemma4_text": {**FULL, "hidden_size_per_layer_input": 0},
    "gpt_neo": {"attention_types": [[["global"], LAYERS]], "intermediate_size": NEURONS},
    "gpt_neox_japanese": {"intermediate_multiple_size": 2},
    "granitemoehybrid": {
        "layer_types": ["attention"] * LAYERS,
        "mamba_n_heads": 2 * HEADS,
        "num_local_experts": 0,
        "num_experts_per_tok": 0,
    },
    "lfm2": {**FULL, "block_auto_adjust_ff_dim": False},
    "olmo_hybrid": {"layer_types": ["linear_attention", *FULL["layer_types"][1:]]},
    "qwen3_5_text": FULL,
    "qwen3_next": {**FULL, "mlp_only_layers": [*range(LAYERS)]},
    "recurrent_gemma": {"block_types": ["attention"] * LAYERS},
    "bert": {"is_decoder": True},
    "roberta": {"is_decoder": True},
    **{each: {"is_decoder": True} for each in ("camembert", "data2vec-text", "megatron-bert", "roformer")},
    "deepseek_v3": {"num_key_value_heads": HEADS},
    "doge": {"is_moe": False},
    "minicpm3": {"head_dim": None, "num_key_value_heads": HEADS},
    "youtu": {"head_dim": None, "num_key_value_heads": HEADS},
}
"""What a family needs beside."""
# fmt: off
RIGHT = [
    "apertus", "arcee", "bart", "beam", "biogpt", "bitnet", "bloom", "codegen", "cohere", "cohere2", "ctrl", "cwm",
    "diffllama", "doge", "ernie4_5", "exaone4", "falcon", "falcon_h1", "gemma", "gemma2", "gemma3_text", "gemma3n_text",
    "gemma4_text", "glm", "glm4", "gpt2", "gpt_bigcode", "gpt_neo", "gpt_neox", "gpt_neox_japanese", "gptj", "granite",
    "granite_swa", "granitemoehybrid", "helium", "hunyuan_v1_dense", "hyperclovax", "jais2", "lfm2", "lfm3", "llama",
    "mbart", "minicpm3", "ministral", "ministral3", "mistral", "mpt", "nanochat", "nemotron", "olmo", "olmo2", "olmo3",
    "olmo_hybrid", "openai-gpt", "opt", "pegasus", "persimmon", "phi", "phi3", "qwen2", "qwen3", "qwen3_5_text",
    "qwen3_next", "recurrent_gemma", "seed_oss", "smollm3", "stablelm", "starcoder2", "trocr", "vaultgemma", "xglm",
    "youtu",
    "apertus1p5_text", "blenderbot", "exaone", "gemma4_unified_text", "gpt-sw3", "internlm3", "iquestcoder", "marian",
    "mvp", "plbart",
]
MIXTURES = [
    "deepseek_v3", "gpt_oss", "granitemoe", "granitemoeshared", "llama4_text", "mixtral", "olmoe", "phimoe",
    "qwen2_moe", "qwen3_moe",
    "afmoe", "bailing_hybrid", "cohere2_moe", "dots1", "ernie4_5_moe", "exaone_moe", "flex_olmo", "glm4_moe",
    "granitemoe_swa", "hunyuan_v1_moe", "hy_v3", "jamba", "laguna", "mellum", "mimo_v2_flash", "minimax", "minimax_m2",
    "qwen3_5_moe_text", "sarvam_moe", "solar_open",
]
WRAPPERS = [
    "aya_vision", "cohere2_vision", "deepseek_vl", "exaone4_5", "glm4v", "idefics3", "lfm2_vl", "llava", "llava_next",
    "llava_onevision", "minicpmv4_6", "mistral3", "ovis2", "paligemma", "qwen2_5_vl", "qwen2_vl", "qwen3_vl",
    "qwen3_vl_moe", "smolvlm",
]
# fmt: on
"""Families of which every layer is compared; of a mixture every expert and router, of a model that sees images too the
language model inside."""
RAW = ["bert", "camembert", "data2vec-text", "megatron-bert", "modernbert-decoder", "roberta", "roformer"]
"""Of these rows are decoded as stored only: a matrix stands between the layers and the unembedding."""
REFUSED = {
    "mamba": "between its projections stands aten.convolution.default",
    "rwkv": "MLP reads neither the stream nor a norm of it",
    "xlnet": "cannot be run without numbers",
}
"""And these are no such models, or are not understood: part of the sentence that says why."""
FAMILIES = (*RIGHT, *RAW, *MIXTURES, *WRAPPERS, *REFUSED)
SEEN: dict[str, Any] = {"depth": 2, "image_size": 28, "patch_size": 14, "embed_dim": WIDTH, "out_hidden_size": WIDTH}
"""Of a vision tower."""
TURNED = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]}
"""How positions of the Qwen and GLM models that see images are split."""


def config_of(family: str) -> Any:
    """The family's config at these sizes."""
    if family in WRAPPERS:
        found = AutoConfig.for_model(family)
        _shrink(found, seen=False, turned=family.startswith(("qwen2", "glm")))
        return found
    usual = AutoConfig.for_model(family)
    known = {**usual.to_dict(), **dict.fromkeys(getattr(type(usual), "attribute_map", {}), None)}
    asked = {name: size for size, names in NAMES for name in names if name in known}
    found = AutoConfig.for_model(family, **{**asked, **OWN.get(family, {})})
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(found, name, asked.get(name, 0))
    return found


def _shrink(config: Any, seen: bool, turned: bool) -> None:
    """The same sizes for the parts of a model that sees images too."""
    for name in config.sub_configs or {}:
        if (part := getattr(config, name, None)) is not None:
            _shrink(part, seen="text" not in name, turned=turned and "text" in name)
    names: Mapping[str, str] = config.attribute_map
    known = {**config.to_dict(), **dict.fromkeys(names, 0)}
    for size, each in NAMES:
        for name in each:
            if known.get(name) is not None:
                setattr(config, name, size)
    for name, value in SEEN.items():
        if seen and name in known:
            setattr(config, name, value)
    if getattr(config, "layer_types", None):
        config.layer_types = FULL["layer_types"]
    if turned and "vocab_size" in known and not seen:
        config.rope_parameters = TURNED


def build(family: str) -> Any:
    """A model whose every parameter is random."""
    torch.manual_seed(0)
    config = config_of(family)
    model = loader(config).from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.3).add_(0.7 if parameter.ndim == 1 else 0.0)
    return model


def certificates(family: str, folder: Path) -> list[str]:
    """What is said of the family's model: run as a whole and, where it has no experts, in parts. Raises ModelError
    where it is refused, or where files and modules differ."""
    build(family).save_pretrained(folder)
    subject = Subject.open(folder, family, experts=True)
    found = [certify(subject)]
    if subject.architecture.mixture is None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(certificate, "fits", lambda checkpoint: False)
            found.append(certify(subject))
    return [each.what for each in found]


def verdict(family: str) -> str:
    """In a few words, for the table."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            certificates(family, Path(folder))
        except ModelError as error:
            return f"refused: {str(error).replace(folder, 'FOLDER')}"
    if family in MIXTURES:
        return "right, a mixture of experts"
    if family in WRAPPERS:
        return "right, the language model inside"
    return "raw rows only" if family in RAW else "right"


def table(verdicts: Mapping[str, str]) -> str:
    """The page's rows."""
    rows = [f"| `{family}` | {said} |" for family, said in sorted(verdicts.items())]
    return "\n".join(["| model type | verdict |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    logging: Any = transformers.logging  # its functions carry no types
    logging.set_verbosity_error()
    page = Path(sys.argv[1])
    text = page.read_text(encoding="utf-8")
    above, _, _ = text.partition("| model type |")
    page.write_text(above + table({each: verdict(each) for each in FAMILIES}), encoding="utf-8")
