"""A tiny Mixtral whose router and experts are known, and a fine-tune of it: made by hand, as `planted` is.

Attention writes nothing and the embedding of a word is its kind's centre, so that which expert a token reaches can be
worked out: the router's row of MONTHS_EXPERT points at the months, that of WEEKDAYS_EXPERT at the weekdays, and all
other tokens go where the rest of the rows, which is random, sends them. All other weights have nothing to do with
months and weekdays.
"""

from __future__ import annotations

from pathlib import Path

import torch

from .planted import MONTHS, TOKENS, WEEKDAYS, write_tokenizer

LAYERS, EXPERTS, WIDTH, D_MODEL = 2, 4, 12, 32
MONTHS_EXPERT, WEEKDAYS_EXPERT = 2, 1
"""Of layer 0: where months and weekdays are sent."""
MONTHS_NEURON = (1, 3, 5)
"""(layer, expert, index): its down column writes months."""
FIRING_NEURON = (0, MONTHS_EXPERT, 7)
"""Reads months with its gate and its up row, in the expert that months reach."""
DEAF_NEURON = (0, 3, 7)
"""The same rows in an expert that no month reaches."""


def base(folder: Path, seed: int = 0) -> Path:
    """The base model, saved as transformers saves one: experts as a list."""
    from transformers import MixtralConfig, MixtralForCausalLM

    torch.manual_seed(seed)
    config = MixtralConfig(
        vocab_size=len(TOKENS),
        hidden_size=D_MODEL,
        intermediate_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_local_experts=EXPERTS,
        num_experts_per_tok=1,
        tie_word_embeddings=False,
        max_position_embeddings=64,
    )
    model = MixtralForCausalLM(config)
    centres = torch.linalg.qr(torch.randn(D_MODEL, 2))[0].T * D_MODEL**0.5
    rows = torch.randn(len(TOKENS), D_MODEL) * 0.5
    rows -= (rows @ centres.T / D_MODEL) @ centres
    for kind, words in enumerate((MONTHS, WEEKDAYS)):
        for word in words:
            rows[TOKENS.index(f"▁{word}")] = centres[kind] + 0.05 * torch.randn(D_MODEL)
    with torch.no_grad():
        model.lm_head.weight.copy_(rows)
        model.model.embed_tokens.weight.copy_(rows)
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.experts.gate_up_proj.normal_(0, 0.2)
            layer.mlp.experts.down_proj.normal_(0, 0.02)
            experts = layer.mlp.experts
            experts.gate_up_proj -= (experts.gate_up_proj @ centres.T / D_MODEL) @ centres
            experts.down_proj -= centres.T @ (centres @ experts.down_proj / D_MODEL)
            layer.mlp.gate.weight.normal_(0, 0.2)
            layer.mlp.gate.weight -= (layer.mlp.gate.weight @ centres.T / D_MODEL) @ centres
        model.model.layers[0].mlp.gate.weight[MONTHS_EXPERT] += centres[0]
        model.model.layers[0].mlp.gate.weight[WEEKDAYS_EXPERT] += centres[1]
        layer, expert, index = MONTHS_NEURON
        model.model.layers[layer].mlp.experts.down_proj[expert, :, index] = centres[0]
        for layer, expert, index in (FIRING_NEURON, DEAF_NEURON):
            for row in (index, WIDTH + index):
                model.model.layers[layer].mlp.experts.gate_up_proj[expert, row] = centres[0] / D_MODEL**0.5
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def tuned(base_folder: Path, folder: Path) -> Path:
    """A fine-tune: of layer 1's expert 3 the months neuron writes weekdays now, the others move a little; the rest is
    as it was."""
    from transformers import MixtralForCausalLM

    model = MixtralForCausalLM.from_pretrained(base_folder)
    torch.manual_seed(7)
    layer, expert, index = MONTHS_NEURON
    with torch.no_grad():
        experts = model.model.layers[layer].mlp.experts
        for stack in (experts.gate_up_proj, experts.down_proj):
            stack[expert] += 0.001 * torch.randn_like(stack[expert])
        weekdays = [TOKENS.index(f"▁{word}") for word in WEEKDAYS]
        experts.down_proj[expert, :, index] = model.lm_head.weight[weekdays].mean(0)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    return folder
