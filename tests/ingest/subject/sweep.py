"""A tiny model with random weights of every family: is what the reader folds and decodes what the model computes?

`python -m neuronkb.tests.ingest.subject.sweep docs/families.md` writes the verdicts down.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from neuronkb.ingest.subject.architecture import Architecture, find_architecture
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.layer_weights import LayerWeights, read_layer
from neuronkb.ingest.subject.live import LiveModel
from neuronkb.ingest.subject.norm import Norm
from neuronkb.schema import ModelError
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM

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
    (0, ("bos_token_id", "pad_token_id", "num_kv_shared_layers", "num_local_experts", "num_experts_per_tok")),
    (1, ("eos_token_id",)),
)
"""What each of the tiny models has, by the names that configs have for it."""
FULL = {"layer_types": ["full_attention"] * LAYERS}
OWN: dict[str, dict[str, Any]] = {
    "gemma3n_text": {**FULL, "hidden_size_per_layer_input": 8, "activation_sparsity_pattern": [0.0] * LAYERS},
    "gemma4_text": {**FULL, "hidden_size_per_layer_input": 0},
    "gpt_neo": {"attention_types": [[["global"], LAYERS]], "intermediate_size": NEURONS},
    "gpt_neox_japanese": {"intermediate_multiple_size": 2},
    "granitemoehybrid": {"layer_types": ["attention"] * LAYERS, "mamba_n_heads": 2 * HEADS},
    "lfm2": {**FULL, "block_auto_adjust_ff_dim": False},
    "olmo_hybrid": {"layer_types": ["linear_attention", *FULL["layer_types"][1:]]},
    "qwen3_5_text": FULL,
    "qwen3_next": {**FULL, "mlp_only_layers": [*range(LAYERS)]},
    "recurrent_gemma": {"block_types": ["attention"] * LAYERS},
    "bert": {"is_decoder": True},
    "roberta": {"is_decoder": True},
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
]
# fmt: on
"""Families of which every layer is compared."""
RAW = ["bert", "modernbert-decoder", "roberta"]
"""Of these rows are decoded as stored only: a matrix stands between the layers and the unembedding."""
REFUSED = {
    "mamba": "between its projections stands aten.convolution.default",
    "rwkv": "MLP reads neither the stream nor a norm of it",
    "xlnet": "cannot be run without numbers",
}
"""And these are no such models, or are not understood: part of the sentence that says why."""
NEAR = 0.01
"""How far a product may lie from the model's own, of the largest: norms add a little to the variance."""


def config_of(family: str) -> Any:
    """The family's config at these sizes."""
    usual = AutoConfig.for_model(family)
    known = {**usual.to_dict(), **dict.fromkeys(getattr(type(usual), "attribute_map", {}), None)}
    asked = {name: size for size, names in NAMES for name in names if name in known}
    found = AutoConfig.for_model(family, **{**asked, **OWN.get(family, {})})
    for name in ("bos_token_id", "eos_token_id", "pad_token_id"):
        setattr(found, name, asked.get(name, 0))
    return found


def build(family: str) -> Any:
    """A model whose every parameter is random."""
    torch.manual_seed(0)
    auto: Any = AutoModelForCausalLM
    model = auto.from_config(config_of(family), dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0.0, 0.3).add_(0.7 if parameter.ndim == 1 else 0.0)
    return model


def faults(family: str, folder: Path) -> list[str]:
    """What the reader and the running model do not agree on. Raises ModelError where the model is refused."""
    model = build(family)
    model.save_pretrained(folder)
    checkpoint = Checkpoint.open(folder)
    return list(_Compared(checkpoint, find_architecture(checkpoint), model).faults())


class _Compared:
    """One model in its files and as it runs."""

    def __init__(self, checkpoint: Checkpoint, found: Architecture, model: Any) -> None:
        self.checkpoint, self.found, self.model = checkpoint, found, model
        self.live = LiveModel.of(model)
        self.seen: dict[nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}

    def faults(self) -> Iterator[str]:
        head = self.model.get_output_embeddings()
        if not torch.equal(head.weight, self.checkpoint.tensor(self.found.unembedding)):
            yield "another unembedding"
        if (self.live.n_layers, self.live.d_mlp) != (self.found.n_layers, self.found.d_mlp):
            yield "other layers"
            return
        self._watch()
        for layer in range(self.found.n_layers):
            weights = read_layer(self.checkpoint, self.found, layer)
            yield from (f"layer {layer}: {fault}" for fault in self._layer(layer, weights))
        if self.found.final_norm is not None and weights.final_norm is not None:
            yield from self._written(self._norm(self.found.final_norm), weights.final_norm, "final norm")

    def _layer(self, layer: int, weights: LayerWeights) -> Iterator[str]:
        block, parts = self.live.blocks[layer], self.found.layers[layer]
        out: Any = block.out
        stored = out.weight if type(out).__name__ == "Conv1D" else out.weight.T
        if not torch.equal(stored, weights.rows["down"]):
            yield "another output projection"
        both = _flat(self.seen[block.up][1])
        made = {"up": both[:, -self.found.d_mlp :]}
        if block.gate is not None:
            made["gate"] = _flat(self.seen[block.gate][1])[:, : self.found.d_mlp]
        for projection, values in made.items():
            rows = weights.rows[projection].double()
            x = _flat(self.seen[block.up][0])
            if weights.pre_norm is not None and parts.pre_norm is not None:
                x = _flat(self.seen[self._norm(parts.pre_norm)][0])
                rows, x = weights.pre_norm.read_side(rows), x / _scale(x, weights.pre_norm)
            yield from _off(values - x @ rows.T, values, f"{projection} rows")
        if weights.post_norm is not None and parts.post_norm is not None:
            yield from self._written(self._norm(parts.post_norm), weights.post_norm, "norm after the MLP")

    def _written(self, module: nn.Module, norm: Norm, name: str) -> Iterator[str]:
        x, y = map(_flat, self.seen[module])
        yield from _off(y - norm.write_side(x) / _scale(x, norm), y, name)

    def _norm(self, name: str) -> nn.Module:
        skeleton = self.checkpoint.skeleton
        assert skeleton is not None
        found: nn.Module = self.model.get_submodule(skeleton.norm(name))
        return found

    def _watch(self) -> None:
        def keep(module: nn.Module, given: tuple[Any, ...], out: Any) -> None:
            if given and isinstance(given[0], torch.Tensor) and isinstance(out, torch.Tensor):
                self.seen[module] = given[0].detach(), out.detach()

        handles = [module.register_forward_hook(keep) for module in self.model.modules()]
        with torch.no_grad():
            self.model(input_ids=torch.randint(2, TOKENS, (1, 12)), use_cache=False)
        for handle in handles:
            handle.remove()


def _flat(values: torch.Tensor) -> torch.Tensor:
    return values.reshape(-1, values.shape[-1]).double()


def _scale(x: torch.Tensor, norm: Norm) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True) if norm.kind == "layer" else x
    return centred.square().mean(-1, keepdim=True).sqrt()


def _off(left: torch.Tensor, of: torch.Tensor, name: str) -> Iterator[str]:
    """What is left must be one vector for all tokens, which holds the biases."""
    far = float((left - left.mean(0)).abs().max() / of.abs().max())
    if far > NEAR:
        yield f"{name} are off by {far:.2g} of the largest value"


def verdict(family: str) -> str:
    """In a few words, for the table."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = faults(family, Path(folder))
        except ModelError as error:
            return f"refused: {str(error).replace(folder, 'FOLDER')}"
    if found:
        return f"wrong: {found[0]}"
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
    page.write_text(above + table({each: verdict(each) for each in (*RIGHT, *RAW, *REFUSED)}), encoding="utf-8")
