"""A folder that holds no weights, or no tokenizer, to be read says in one sentence what it holds instead."""

from __future__ import annotations

import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from neuronkb.ingest.subject import contents
from neuronkb.ingest.subject.checkpoint import Checkpoint
from neuronkb.ingest.subject.source import IGNORED, PATTERNS
from neuronkb.ingest.subject.subject import Subject
from neuronkb.ingest.subject.vocabulary import from_tokenizer, load_tokenizer, size
from neuronkb.schema import ModelError
from safetensors.torch import save_file

from .families import save
from .tokenizers import byte_level

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0000\nsize 123456\n"
LORA = {"peft_type": "LORA", "base_model_name_or_path": "org/base", "r": 4}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("model.gguf", r"holds a GGUF file.*gguf_file"),
        ("consolidated.00.pth", "Meta's own form"),
        ("pytorch_model.bin", "pickled weights only.*save_pretrained"),
        ("pytorch_model-00001-of-00002.bin", "pickled weights only.*save_pretrained"),
        ("global_step10/mp_rank_00_model_states.pt", "DeepSpeed checkpoint.*zero_to_fp32"),
        ("pytorch_model_fsdp_0/__0_0.distcp", "distributed checkpoint of torch"),
        ("tf_model.h5", "TensorFlow"),
        ("flax_model.msgpack", "Flax"),
        ("onnx/model.onnx", "ONNX"),
    ],
)
def test_other_formats_are_named(file: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_bytes(b"never opened")
    with pytest.raises(ModelError, match=words) as raised:
        Checkpoint.open(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_a_pointer_of_git_lfs(file: str, tmp_path: Path) -> None:
    save("llama", tmp_path)
    byte_level(tmp_path)
    (tmp_path / file).write_text(POINTER)
    with pytest.raises(ModelError, match=rf"{file}:? is a Git LFS pointer.*git lfs pull"):
        assert Subject.open(tmp_path).vocabulary


@pytest.mark.parametrize("config", [True, False])
def test_an_adapter_is_no_model(config: bool, tmp_path: Path) -> None:
    if config:
        save("llama", tmp_path)
        (tmp_path / "model.safetensors").unlink()
    (tmp_path / "adapter_config.json").write_text(json.dumps(LORA))
    save_file({"base_model.model.lm_head.weight": torch.zeros(2, 2)}, tmp_path / "adapter_model.safetensors")
    with pytest.raises(ModelError, match="holds a LORA adapter of 'org/base' and no model"):
        Subject.open(tmp_path)


def test_an_adapter_with_a_damaged_config_is_still_one(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{")
    with pytest.raises(ModelError, match="holds a PEFT adapter of 'its base' and no model"):
        Subject.open(tmp_path)


def test_a_merged_model_beside_its_adapter_is_a_model(tmp_path: Path) -> None:
    save("llama", tmp_path)
    (tmp_path / "adapter_config.json").write_text(json.dumps(LORA))
    save_file({"a": torch.zeros(2)}, tmp_path / "adapter_model.safetensors")
    assert Subject.open(tmp_path).architecture.n_layers == 2


def test_the_hub_gives_what_an_adapter_is_known_by() -> None:
    from fnmatch import fnmatch

    names = ["adapter_config.json", "adapter_model.safetensors", "config.json"]
    kept = [name for name in names if any(fnmatch(name, pattern) for pattern in PATTERNS)]
    assert [name for name in kept if not any(fnmatch(name, no) for no in IGNORED)] == names[::2]


def test_a_folder_without_a_tokenizer(tmp_path: Path) -> None:
    save("llama", tmp_path)
    with pytest.raises(ModelError, match=r"its tokenizer cannot be read: it holds none .*copy those of the base model"):
        load_tokenizer(tmp_path)


def test_sentencepiece_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Transformers asks for tiktoken there."""
    monkeypatch.setattr(contents, "find_spec", lambda _: None)
    save("llama", tmp_path)
    (tmp_path / "tokenizer.model").write_bytes(b"\n\x0e\n\x05<unk>")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer"}))
    with pytest.raises(
        ModelError, match=r"tokenizer\.model needs sentencepiece; pip install 'neuronkb\[sentencepiece\]'"
    ):
        load_tokenizer(tmp_path)
    # Files of tiktoken are called alike.
    (tmp_path / "tokenizer.model").write_bytes(b"IQ== 0\nIg== 1\n")
    assert contents.without_tokenizer(tmp_path) is None


@pytest.mark.skipif(find_spec("sentencepiece") is None, reason="the extra sentencepiece is not installed")
@pytest.mark.parametrize("kind", ["LlamaTokenizer", "T5Tokenizer"])
def test_a_model_file_of_sentencepiece_alone(kind: str, tmp_path: Path) -> None:
    sentencepiece: Any = import_module("sentencepiece")
    lines = [
        f"the month of {month} comes before {other}"
        for month in ["January", "March", "May"]
        for other in ["April", "June"]
    ]
    train = {"vocab_size": 300, "model_type": "bpe", "byte_fallback": True, "hard_vocab_limit": False, "minloglevel": 2}
    prefix = str(tmp_path / "tokenizer")
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines * 20), model_prefix=prefix, **train)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    tokenizer = load_tokenizer(tmp_path)
    read = from_tokenizer(tokenizer, size(tokenizer))
    ids = tokenizer.encode("the month of January", add_special_tokens=False)
    assert "".join(read.texts[i] for i in ids).strip() == "the month of January"
    assert read.byte.sum() == 256
