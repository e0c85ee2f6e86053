"""What a pass keeps on disk so that it can be resumed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch

from ...schema import ModelError


def save_state(path: Path, tensors: Mapping[str, torch.Tensor], position: Mapping[str, str]) -> None:
    """Write the state in place of the last one, whole or not at all. Raises ModelError when the disk is full."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    fresh = _fresh(path)
    try:
        shutil.rmtree(fresh, ignore_errors=True)  # of one that was killed here
        fresh.mkdir(parents=True)
        save_file(
            {name: t.detach().cpu().contiguous() for name, t in tensors.items()}, fresh / path.name, dict(position)
        )
        os.replace(fresh / path.name, path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelError(f"{path}: cannot save the state of the pass ({reason}); free some space") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def drop_state(path: Path) -> None:
    """Take the state of a finished pass away, with what a killed one left beside it."""
    path.unlink(missing_ok=True)
    shutil.rmtree(_fresh(path), ignore_errors=True)


def _fresh(path: Path) -> Path:
    """A folder for what is being written: the library writes beside its file, under a name of its own."""
    return path.with_suffix(".new")


def load_state(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]] | None:
    """The state and its position; None where there is none that can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as found:
            return {name: found.get_tensor(name) for name in found.keys()}, dict(found.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError):
        return None
