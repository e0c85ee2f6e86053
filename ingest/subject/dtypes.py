"""Number formats of a model's forward pass, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import torch

Dtype = Literal["auto", "float32", "bfloat16", "float16"]


def pass_dtype(dtype: Dtype, device: torch.device) -> str:
    """The dtype that a setting means on a device: `auto` is float32 on a CPU, so that a job is the same one on every
    machine, and bfloat16 on GPUs that multiply it natively."""
    if dtype != "auto":
        return dtype
    from ..products import quick_bf16

    return "bfloat16" if device.type == "cuda" and quick_bf16(device) else "float32"
