"""In which number format candidates are looked for, and how far a product in it can be off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

Precision = Literal["auto", "bf16", "fp32"]
PRECISIONS: tuple[Precision, ...] = ("auto", "bf16", "fp32")


@dataclass(frozen=True)
class Format:
    """A number format of the candidate product; sums are always held in float32."""

    dtype: torch.dtype
    output: float
    """relative rounding of a stored result; 0 where the sum is stored as it is"""


BF16 = Format(torch.bfloat16, 2.0**-8)
FP32 = Format(torch.float32, 0.0)


def formats(precision: Precision, device: torch.device) -> tuple[Format, ...]:
    """The formats to try, fastest first. `auto` takes bf16 where the hardware multiplies it natively."""
    if precision == "fp32" or (precision == "auto" and not has_bf16(device)):
        return (FP32,)
    return (BF16, FP32)


def has_bf16(device: torch.device) -> bool:
    """Whether bfloat16 products run natively: AVX512-BF16 or AMX on a CPU, Ampere or newer on a GPU."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    if device.type != "cpu":
        return False
    found: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    if found:
        return bool(found.get("avx512_bf16") or found.get("amx_bf16"))
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in names)


def accumulation(width: int) -> float:
    """Bound on |computed - true dot product| over (length x length) for float32 sums of `width` terms.

    Any order of summation is off by at most `width` u / (1 - width u) with u = 2^-24 (Higham 2002, section 3.1).
    Fourfold, since matrix units may truncate instead of round and sum products in pairs.
    """
    return width * 2.0**-22


def exact_products() -> None:
    """Keep float32 products float32: no TF32 and no bf16 sums on a GPU."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
