"""Gemma 3 weights, configuration and tokenizer from GGUF to what Hugging Face loads.

The published conversion of Gemma 3 to GGUF renames the tensors and adds 1 to the norm gains; the converted
values are equal, bit by bit, to those `AutoModelForCausalLM.from_pretrained(gguf_file=...)` unpacks.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from neuronkb.schema.errors import ModelError

from .gguf_file import GGUFFile, GGUFTensor
from .progress import Progress

if TYPE_CHECKING:
    import torch

_OUTSIDE = {"token_embd": "embed_tokens", "output_norm": "norm"}
_INSIDE = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_output": "self_attn.o_proj",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_CHUNK_VALUES = 4_000_000


def parameter_name(gguf_name: str) -> str:
    """`blk.3.ffn_up.weight` -> `model.layers.3.mlp.up_proj.weight`. Raises ModelError for any other tensor."""
    match gguf_name.split("."):
        case ["blk", layer, part, "weight"] if part in _INSIDE:
            return f"model.layers.{layer}.{_INSIDE[part]}.weight"
        case [part, "weight"] if part in _OUTSIDE:
            return f"model.{_OUTSIDE[part]}.weight"
        case _:
            raise ModelError(f"unexpected tensor {gguf_name!r}: expected those of a dense Gemma 3 text model")


def weights(file: GGUFFile, progress: Progress) -> dict[str, torch.Tensor]:
    """Every parameter by its Hugging Face name, bfloat16, rounded once from the dequantised float32."""
    total = sum(_count(tensor) for tensor in file.tensors.values())
    done = 0
    found = {}
    for name, tensor in file.tensors.items():
        found[parameter_name(name)] = _dense(file, tensor)
        done += _count(tensor)
        progress("Unpacking the weights of Gemma 3 270M", done, total)
    return found


def _dense(file: GGUFFile, tensor: GGUFTensor) -> torch.Tensor:
    import torch

    rows = _count(tensor) // tensor.shape[-1]
    step = max(1, _CHUNK_VALUES // tensor.shape[-1])
    dense = torch.empty(rows, tensor.shape[-1], dtype=torch.bfloat16)
    for start in range(0, rows, step):
        stop = min(start + step, rows)
        values = torch.from_numpy(file.rows(tensor.name, start, stop))
        # GGUF keeps the gain 1 + w, Hugging Face the w; subtract before rounding, where 1 + w is exact.
        dense[start:stop] = values - 1 if tensor.name.endswith("_norm.weight") else values
    return dense.reshape(tensor.shape)


def _count(tensor: GGUFTensor) -> int:
    count = 1
    for length in tensor.shape:
        count *= length
    return count


def write_config(file: GGUFFile, folder: Path) -> None:
    """`config.json` and `generation_config.json`, in the form of the model's first publication."""
    meta = {key.removeprefix("gemma3."): value for key, value in file.metadata.items()}
    layers, every = meta["block_count"], 6
    if not isinstance(layers, int) or meta["general.architecture"] != "gemma3":
        raise ModelError(f"{file.path.name!r} holds {meta['general.architecture']!r}, expected 'gemma3'")
    ids = {f"{name}_token_id": meta[f"tokenizer.ggml.{key}_token_id"] for name, key in _ID_KEYS.items()}
    config = {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "dtype": "bfloat16",
        "torch_dtype": "bfloat16",
        "vocab_size": file.tensors["token_embd.weight"].shape[0],
        "hidden_size": meta["embedding_length"],
        "intermediate_size": meta["feed_forward_length"],
        "num_hidden_layers": layers,
        "num_attention_heads": meta["attention.head_count"],
        "num_key_value_heads": meta["attention.head_count_kv"],
        "head_dim": meta["attention.key_length"],
        "query_pre_attn_scalar": meta["attention.key_length"],
        "hidden_activation": "gelu_pytorch_tanh",
        "max_position_embeddings": meta["context_length"],
        "rms_norm_eps": 1e-6,
        "rope_theta": meta["rope.freq_base"],
        "rope_local_base_freq": 10000.0,
        "sliding_window": meta["attention.sliding_window"],
        "layer_types": ["sliding_attention" if (layer + 1) % every else "full_attention" for layer in range(layers)],
        "attention_bias": False,
        "tie_word_embeddings": True,
        **ids,
    }
    _write_json(folder / "config.json", config)
    _write_json(folder / "generation_config.json", {k: v for k, v in ids.items() if k != "unk_token_id"})


_ID_KEYS = {"bos": "bos", "eos": "eos", "pad": "padding", "unk": "unknown"}


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
