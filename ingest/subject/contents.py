"""What a folder holds that has no weights or no tokenizer to be read: one true sentence."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ...schema.outside import Unreadable, parse_json, read_bytes

_POINTER = b"version https://git-lfs"
_CONVERT = "AutoModelForCausalLM.from_pretrained(...).save_pretrained(...)"
_FORMATS = (
    ("*.gguf", "a GGUF file; read it by transformers' from_pretrained(FOLDER, gguf_file=NAME) and save_pretrained"),
    ("consolidated*.pth", "weights in Meta's own form; convert them with transformers' convert_llama_weights_to_hf.py"),
    ("*.bin", f"pickled weights only, which are never read; convert them with transformers' {_CONVERT}"),
    ("*.pt*", f"pickled weights only, which are never read; convert them with transformers' {_CONVERT}"),
    ("**/*_model_states.pt", "a DeepSpeed checkpoint; gather it with its zero_to_fp32.py, and save it as safetensors"),
    ("**/*.distcp", "a distributed checkpoint of torch; gather it with accelerate merge-weights"),
    ("*.h5", "weights of TensorFlow; convert them with an older transformers' from_tf=True and save_pretrained"),
    ("*.msgpack", "weights of Flax; convert them with an older transformers' from_flax=True and save_pretrained"),
    ("**/*.onnx", "an ONNX model; give the model that it was exported from"),
)
_TOKENIZERS = ("tokenizer.json", "*.model", "vocab*", "merges*", "*.tiktoken", "tekken.json")
_CONFIG = 2**20
"""Bytes of an adapter's config."""


def is_pointer(path: Path) -> bool:
    """Whether a file is what Git LFS leaves in place of one that was not fetched. Raises OSError."""
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


POINTER = "is a Git LFS pointer, the file itself was not fetched; run git lfs pull there, or download it again"


def without_weights(folder: Path) -> str:
    """Of a folder without safetensors that hold a model: what it holds, and what would help."""
    if adapter := adapter_of(folder):
        return adapter
    for pattern, words in _FORMATS:
        if any(folder.glob(pattern)):
            return f"holds {words}"
    return "holds no *.safetensors"


def adapter_of(folder: Path) -> str | None:
    """Of a PEFT adapter: what it is, and of which model; None of other folders."""
    if not (folder / "adapter_config.json").is_file():
        return None
    try:
        config = parse_json(read_bytes(folder / "adapter_config.json", _CONFIG))
    except (OSError, Unreadable):
        config = None
    known = config if isinstance(config, dict) else {}
    kind, base = str(known.get("peft_type", "PEFT"))[:40], str(known.get("base_model_name_or_path", "its base"))[:200]
    return (
        f"holds a {kind} adapter of {base!r} and no model; give the base model, and this folder as --adapter, "
        "or merge them with peft's merge_and_unload() and save_pretrained(...)"
    )


def without_tokenizer(folder: Path) -> str | None:
    """Why no tokenizer can be read from a folder, where its files tell; None where they do not."""
    files = sorted({path for pattern in _TOKENIZERS for path in folder.glob(pattern) if path.is_file()})
    for path in files:
        if is_pointer(path):
            return f"{path.name} {POINTER}"
    if not files:
        return "it holds none (no tokenizer.json, *.model or vocab file); copy those of the base model there"
    pieces = [path for path in folder.glob("*.model") if _is_sentencepiece(path)]
    if pieces and not (folder / "tokenizer.json").is_file() and not _installed():
        return f"{pieces[0].name} needs sentencepiece; pip install 'neuronkb[sentencepiece]'"
    return None


def _installed() -> bool:
    return find_spec("sentencepiece") is not None and find_spec("google.protobuf") is not None


def _is_sentencepiece(path: Path) -> bool:
    """A message whose first field is a piece; tiktoken's files, called alike, are lines of text."""
    with path.open("rb") as file:
        return file.read(1) == b"\n"
