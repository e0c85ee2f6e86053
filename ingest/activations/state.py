"""What a pass keeps on disk so that it can be resumed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import torch

from ...schema import ModelError


def save_state(path: Path, tensors: Mapping[str, torch.Tensor], position: Mapping[str, str]) -> None:
    """Write the state in place of the last one, whole or not at all. Raises ModelError when the disk is full."""
    from safetensors.torch import save_file

    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, fresh, dict(position))
        os.replace(fresh, path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise ModelError(
            f"{path}: cannot save the state of the pass ({error.strerror or error}); free some space"
        ) from None


def load_state(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]] | None:
    """The state and its position; None where there is none that can be read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as found:
            return {name: found.get_tensor(name) for name in found.keys()}, dict(found.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError):
        return None
