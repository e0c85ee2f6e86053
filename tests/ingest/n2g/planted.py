"""A one-layer model with a neuron that is known: it fires on one word where another came two tokens before.

The stream holds one-hot words. One attention head looks two positions back, by position alone, and writes what it finds
beside the word; the neuron adds the two and needs both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from neuronkb.tests import planted

WORDS = ("version", "license", "comma", *(f"word{i}" for i in range(25)))
SPECIAL = ("<unk>", "<s>", "</s>")
TOKENS = (*SPECIAL, *(f"▁{word}" for word in WORDS))
VOCAB, D, LENGTH = len(TOKENS), 128, 24
NEURON = 1
FIRES_ON, AFTER, BACK = "version", "license", 2
ALWAYS = 2
"""Fires on `license` whatever is before it."""
DEAD = 3


def model(folder: Path) -> Path:
    """A GPT-2 of one layer, its weights written by hand, saved with its tokenizer."""
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=VOCAB,
        n_embd=D,
        n_layer=1,
        n_head=1,
        n_inner=8,
        n_positions=LENGTH,
        activation_function="relu",
        bos_token_id=1,
        eos_token_id=2,
    )
    torch.manual_seed(0)
    found: Any = GPT2LMHeadModel(config)
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.zero_()
        found.transformer.h[0].ln_1.weight.fill_(1.0)
        found.transformer.h[0].ln_2.weight.fill_(1.0)
        found.transformer.ln_f.weight.fill_(1.0)
        _write(found.transformer)
        found.lm_head.weight.copy_(found.transformer.wte.weight)
    found.save_pretrained(folder)
    planted.write_tokenizer(folder, TOKENS)
    return folder


def _write(body: Any) -> None:
    """Words at 0..VOCAB, positions behind them, what the head finds behind these."""
    words, places, seen = slice(0, VOCAB), slice(VOCAB, VOCAB + LENGTH), slice(VOCAB + LENGTH, 2 * VOCAB + LENGTH)
    assert 2 * VOCAB + LENGTH <= D
    body.wte.weight[:, words] = torch.eye(VOCAB)
    body.wpe.weight[:, places] = torch.eye(LENGTH)
    block = body.h[0]
    query, key, value = (slice(i * D, (i + 1) * D) for i in range(3))
    weight = block.attn.c_attn.weight
    sharp = 40.0
    for position in range(BACK, LENGTH):
        weight[VOCAB + position, query.start + position - BACK] = sharp
        weight[VOCAB + position, key.start + position] = sharp
    weight[VOCAB, key.start] = sharp
    # A layer norm over two ones among D components makes each about 8: what was seen is to weigh as much as the word.
    weight[words, value.start : value.start + VOCAB] = torch.eye(VOCAB) / 8
    block.attn.c_proj.weight[:VOCAB, seen] = torch.eye(VOCAB)
    fires, after = TOKENS.index(f"▁{FIRES_ON}"), TOKENS.index(f"▁{AFTER}")
    rows = block.mlp.c_fc
    rows.weight[fires, NEURON] = 1.0
    rows.weight[seen.start + after, NEURON] = 1.0
    # Word, position and what was seen are about 6.5 each behind the second norm: one of the two is not enough.
    rows.bias[NEURON] = -9.75
    rows.weight[after, ALWAYS] = 1.0


def texts(path: Path, documents: int = 120) -> Path:
    """Random words, in which the pair stands often, and each of the two alone as often."""
    random = np.random.default_rng(0)
    lines = []
    for number in range(documents):
        words = random.choice(WORDS, 2 * LENGTH).tolist()
        for at in range(2, len(words), 11):
            kind = random.integers(3)
            words[at - BACK] = AFTER if kind != 1 else "comma"
            words[at] = FIRES_ON if kind != 2 else "comma"
        lines.append(json.dumps({"id": f"d{number}", "text": " ".join(words)}))
    path.write_text("\n".join(lines) + "\n")
    return path
