"""A model's files: header, config, index, tokenizer, modules of an embedding model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from neuronkb.ingest.corpus.tokenizer import Tokenizer
from neuronkb.ingest.embedding.folder import check
from neuronkb.ingest.subject.architecture import find_architecture
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.header import read_header

from tests import planted

from .mutate import of_json, of_safetensors
from .parser import Parser

INDEX = "model.safetensors.index.json"
WEIGHTS = "a.safetensors"


def tensors() -> bytes:
    """A Llama of one layer."""
    from safetensors.numpy import save

    mlp, shapes = "model.layers.0.mlp", {"model.embed_tokens": (6, 4), "lm_head": (6, 4), "model.norm": (4,)}
    shapes |= {f"{mlp}.gate_proj": (8, 4), f"{mlp}.up_proj": (8, 4), f"{mlp}.down_proj": (4, 8)}
    shapes |= {f"model.layers.0.{name}": (4,) for name in ("input_layernorm", "post_attention_layernorm")}
    return bytes(save({f"{name}.weight": np.ones(shape, np.float32) for name, shape in shapes.items()}))


def config() -> bytes:
    kinds = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "tie_word_embeddings": False}
    sizes = {
        "num_hidden_layers": 1,
        "hidden_size": 4,
        "num_attention_heads": 2,
        "vocab_size": 6,
        "intermediate_size": 8,
    }
    return json.dumps(kinds | sizes | {"rms_norm_eps": 1e-5, "max_position_embeddings": 64}).encode()


def opened(folder: Path) -> object:
    """What every job does first."""
    checkpoint = Checkpoint.open(folder)
    architecture = find_architecture(checkpoint)
    return checkpoint.weights_hash(), architecture.n_layers, checkpoint.tensor(architecture.unembedding).sum()


def index(tensors: bytes) -> bytes:
    size = int.from_bytes(tensors[:8], "little")
    return json.dumps({"weight_map": dict.fromkeys(json.loads(tensors[8 : 8 + size]), WEIGHTS)}).encode()


def parsers(work: Path) -> list[Parser]:
    weights = tensors()
    own = planted.base(work / "planted")
    tokenizer = {path.name: path.read_bytes() for path in own.glob("token*.json")}
    small = {name: data for name, data in tokenizer.items() if name == "tokenizer.json"}
    assert small
    return [
        Parser("safetensors header", {WEIGHTS: weights}, lambda f: read_header(f / WEIGHTS), of_safetensors),
        Parser(
            "model's folder",
            {"config.json": config(), INDEX: index(weights), WEIGHTS: weights},
            opened,
            {"config.json": of_json, INDEX: of_json, WEIGHTS: of_safetensors},
        ),
        Parser(
            "tokenizer",
            {"config.json": config(), **tokenizer},
            lambda folder: Tokenizer.open(folder).encode(["january may"]),
            {"config.json": of_json, **dict.fromkeys(tokenizer, of_json)},
            share=0.05,
        ),
        Parser(
            "modules of an embedding model",
            {"modules.json": b'[{"idx": 0, "type": "sentence_transformers.models.Pooling"}]', WEIGHTS: weights},
            check,
            {"modules.json": of_json},
        ),
    ]
