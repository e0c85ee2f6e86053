"""A small trained Llama (karpathy/tinyllamas, 260 k parameters, MIT) as a Hugging Face folder, and texts it writes.

Its weights are not part of the project: what needs them is skipped where they do not lie beside the checkout.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "models"
needed = pytest.mark.skipif(not FOLDER.is_dir(), reason="stories260K does not lie beside the checkout")


def convert(folder: Path) -> Path:
    """The model with its tokenizer, as transformers saves one."""
    from transformers import LlamaConfig, LlamaForCausalLM

    data = (FOLDER / "stories260K.bin").read_bytes()
    dim, hidden, layers, heads, kv, vocab, context = struct.unpack("<7i", data[:28])
    values = torch.from_numpy(np.frombuffer(data[28:], np.float32).copy())
    at = 0

    def take(*shape: int) -> torch.Tensor:
        nonlocal at
        n = int(np.prod(shape))
        at += n
        return values[at - n : at].view(*shape)

    config = LlamaConfig(
        vocab_size=abs(vocab),
        hidden_size=dim,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        rms_norm_eps=1e-5,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = LlamaForCausalLM(config)
    head = dim // heads
    state = {"model.embed_tokens.weight": take(abs(vocab), dim)}

    def unpermuted(rows: torch.Tensor, n: int) -> torch.Tensor:
        return rows.view(n, head // 2, 2, dim).transpose(1, 2).reshape(n * head, dim)

    order = [
        ("input_layernorm", (dim,)),
        ("self_attn.q_proj", (dim, dim)),
        ("self_attn.k_proj", (kv * head, dim)),
        ("self_attn.v_proj", (kv * head, dim)),
        ("self_attn.o_proj", (dim, dim)),
        ("post_attention_layernorm", (dim,)),
        ("mlp.gate_proj", (hidden, dim)),
        ("mlp.down_proj", (dim, hidden)),
        ("mlp.up_proj", (hidden, dim)),
    ]
    for name, shape in order:
        for layer, rows in enumerate(take(layers, *shape)):
            turned = {"self_attn.q_proj": heads, "self_attn.k_proj": kv}.get(name)
            state[f"model.layers.{layer}.{name}.weight"] = unpermuted(rows, turned) if turned else rows
    state["model.norm.weight"] = take(dim)
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    model.save_pretrained(folder)
    _tokenizer(folder, abs(vocab))
    return folder


def _tokenizer(folder: Path, vocab: int) -> None:
    """Byte-pair merges rebuilt from the pieces' scores."""
    from tokenizers import Tokenizer, decoders, models, normalizers

    data, at = (FOLDER / "tok512.bin").read_bytes(), 4
    pieces: list[tuple[str, float]] = []
    for number in range(vocab):
        score, length = struct.unpack_from("<fi", data, at)
        text = data[at + 8 : at + 8 + length].decode()
        at += 8 + length
        special = ("<unk>", "<s>", "</s>")
        pieces.append((special[number] if number < 3 else text.replace(" ", "▁"), score))
    known = {piece: i for i, (piece, _) in enumerate(pieces)}
    merges = [
        (piece[:cut], piece[cut:])
        for piece, _ in sorted(pieces, key=lambda pair: -pair[1])
        for cut in range(1, len(piece))
        if known[piece] > 258 and piece[:cut] in known and piece[cut:] in known
    ]
    bpe = models.BPE(vocab=known, merges=merges, byte_fallback=True, unk_token="<unk>", fuse_unk=True)
    tokenizer = Tokenizer(bpe)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", **names}))


def write_texts(model: Path, path: Path, stories: int = 200, tokens: int = 200) -> Path:
    """Stories sampled from the model itself, one JSON line each."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(model)
    writer: Any = AutoModelForCausalLM.from_pretrained(model)
    with torch.no_grad():
        start = torch.full((stories, 1), 1)
        ids = writer.generate(start, do_sample=True, max_new_tokens=tokens, pad_token_id=2, top_k=0)
    lines = (
        json.dumps({"id": f"story{i}", "text": tokenizer.decode(row, skip_special_tokens=True)})
        for i, row in enumerate(ids)
    )
    path.write_text("\n".join(lines) + "\n")
    return path
