"""A Gemma 3 of 6 small layers with random weights, in the quantisations of the real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neuronkb.examples.demo.gguf_file import GGUFFile
from numpy.typing import NDArray

LAYERS, HIDDEN, MLP, HEAD = 6, 256, 512, 64
CHAT = ["<start_of_turn>", "<end_of_turn>"]
NORMAL, CONTROL, USER_DEFINED, BYTE = 1, 3, 4, 6


def tiny_vocabulary() -> list[tuple[str, int]]:
    """Tokens and their ggml types, in the order of the real vocabulary: special, whitespace, bytes, words, letters."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", *CHAT]
    words = [
        "th",
        "▁t",
        "the",
        "▁the",
        "at",
        "▁wh",
        "▁what",
        "is",
        "▁is",
        "he",
        "an",
        "▁a",
        "of",
        "▁of",
        "▁wh" + "at is",
    ]
    letters = "▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ?é"
    return [
        *((token, CONTROL) for token in special),
        *((token, USER_DEFINED) for token in ("\n", "\n\n", "  ", "   ")),
        *((f"<0x{byte:02X}>", BYTE) for byte in range(256)),
        *((token, NORMAL) for token in [*words, *letters]),
    ]


def _add_matrix(writer: Any, name: str, rows: int, columns: int, kind: str, rng: np.random.Generator) -> None:
    from gguf import GGMLQuantizationType, quantize

    quantised = GGMLQuantizationType[kind]
    if kind in ("Q8_0", "Q5_0"):
        values = rng.normal(0, 0.05, (rows, columns)).astype(np.float32)
        data = quantize(values, quantised)
    else:  # the package cannot make these: random bits with a small scale
        data = _k_blocks(kind, rows * columns // 256, rng).reshape(rows, -1)
    writer.add_tensor(name, data, raw_dtype=quantised)


def _k_blocks(kind: str, n_blocks: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    size, scales_at = {"Q4_K": (144, (0, 2)), "Q6_K": (210, (208,))}[kind]
    blocks = rng.integers(0, 256, (n_blocks, size), dtype=np.uint8)
    for at in scales_at:
        scale = rng.uniform(0.5e-4, 2e-4, n_blocks).astype(np.float16)
        blocks[:, at : at + 2] = scale.view(np.uint8).reshape(-1, 2)
    return blocks


def write_tiny_gguf(path: Path) -> None:
    from gguf import GGUFWriter

    rng = np.random.default_rng(7)
    writer = GGUFWriter(path, "gemma3")
    tokens = tiny_vocabulary()
    writer.add_context_length(128)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(MLP)
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    writer.add_sliding_window(16)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([token for token, _ in tokens])
    writer.add_token_scores([-float(at) for at in range(len(tokens))])
    writer.add_token_types([kind for _, kind in tokens])
    writer.add_bos_token_id(2)
    writer.add_eos_token_id(1)
    writer.add_unk_token_id(3)
    writer.add_pad_token_id(0)
    writer.add_add_bos_token(True)
    _add_tensors(writer, len(tokens), rng)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tensors(writer: Any, n_tokens: int, rng: np.random.Generator) -> None:
    def gain(name: str, length: int) -> None:
        writer.add_tensor(f"{name}.weight", rng.normal(1.5, 0.5, length).astype(np.float32))

    def matrix(name: str, rows: int, columns: int, kind: str) -> None:
        _add_matrix(writer, f"{name}.weight", rows, columns, kind, rng)

    gain("output_norm", HIDDEN)
    matrix("token_embd", n_tokens, HIDDEN, "Q8_0")
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        matrix(f"{block}.attn_q", 2 * HEAD, HIDDEN, "Q5_0")
        matrix(f"{block}.attn_k", HEAD, HIDDEN, "Q5_0")
        matrix(f"{block}.attn_v", HEAD, HIDDEN, "Q8_0")
        matrix(f"{block}.attn_output", HIDDEN, 2 * HEAD, "Q5_0")
        matrix(f"{block}.ffn_gate", MLP, HIDDEN, "Q4_K" if layer % 2 else "Q5_0")
        matrix(f"{block}.ffn_up", MLP, HIDDEN, "Q4_K")
        matrix(f"{block}.ffn_down", HIDDEN, MLP, "Q6_K")
        for norm in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
            gain(f"{block}.{norm}", HIDDEN)
        for norm in ("attn_q_norm", "attn_k_norm"):
            gain(f"{block}.{norm}", HEAD)


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("gguf", reason="the demo extra is not installed")
    pytest.importorskip("torch", reason="the models extra is not installed")
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_tiny_gguf(path)
    return path


@pytest.fixture(scope="session")
def tiny_base(tiny_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model as a Hugging Face folder."""
    from neuronkb.examples.demo.gemma import write_model

    folder = tmp_path_factory.mktemp("base")
    write_model(GGUFFile.open(tiny_gguf), folder)
    return folder
