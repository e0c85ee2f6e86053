"""Where a model's files are: a folder, or the hub's cache."""

from __future__ import annotations

from pathlib import Path

from ...schema import ModelError
from ...schema.secrets import reason

PATTERNS = (
    "*.json",
    "*.safetensors",
    "*.model",
    "*.tiktoken",
    "merges.txt",
    "vocab.txt",
)
"""What is fetched from the hub: config, tokenizer and safetensors. Never pickled weights, never code."""

IGNORED = ("consolidated*", "*/*", "*.bin", "*.py", "adapter_model*")
"""Second copies of the same weights, and folders of other formats."""


def locate(model: str | Path, *, adapter: bool = False) -> Path:
    """The folder with the files of `model`, a folder's path or a hub id; of an adapter its weights too.

    What the hub's cache holds already is not fetched again; HF_HUB_OFFLINE is respected. Raises ModelError.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ModelError(f"{str(model)!r} is a file; give the folder that holds config.json and the safetensors")
    if isinstance(model, Path) or not _is_hub_id(model):
        raise ModelError(f"no folder {str(model)!r}, and it is no hub id (OWNER/NAME) either")
    return _fetch(model, [each for each in IGNORED if not (adapter and each.startswith("adapter"))])


def model_name(model: str | Path) -> str:
    """What the graph calls a model nobody named: its hub id, or its folder's name."""
    folder = Path(model).expanduser()
    return folder.resolve().name if folder.is_dir() else str(model)


def _is_hub_id(text: str) -> bool:
    parts = text.split("/")
    return len(parts) <= 2 and all(part and not part.startswith((".", "~")) for part in parts)


def _fetch(model: str, ignored: list[str]) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ModelError(
            f"fetching {model!r} from the hub needs huggingface-hub; pip install 'neuronkb[models]'"
        ) from None
    try:
        return Path(snapshot_download(model, allow_patterns=list(PATTERNS), ignore_patterns=ignored))
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"no folder {model!r}, and the hub did not give a model of that name: {reason(error)}; "
            "check the name, the network and, for a gated model, HF_TOKEN"
        ) from None
