"""In which number format candidates are looked for, and how far a product in it can be off."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ...schema import ModelError
from ..products import quick_bf16, quickest
from .settings import Precision


@dataclass(frozen=True)
class Format:
    """A number format of the candidate product; sums are always held in float32."""

    dtype: torch.dtype
    output: float
    """relative rounding of a stored result; 0 where the sum is stored as it is"""
    longest: float
    """length of a row times the longest unembedding row above which logits may be off by 2 or so, too much for
    logsumexp and entropy"""
    whole: bool = False
    """whether the product is one of whole numbers, see `screen`"""


INT8 = Format(torch.bfloat16, 2.0**-8, 128.0, whole=True)
BF16 = Format(torch.bfloat16, 2.0**-8, 512.0)
FP32 = Format(torch.float32, 0.0, float("inf"))
NARROW = 256
"""Width below which int8 is not taken unasked: a row's rounding shows more in its skewness, and less is gained."""


def formats(precision: Precision, device: torch.device, width: int) -> tuple[Format, ...]:
    """The formats to try for rows of `width` numbers, fastest first. `auto` takes what was measured to be quickest.

    Raises ModelError for int8 on a GPU.
    """
    if precision == "int8" and device.type != "cpu":
        raise ModelError(f"int8 candidates are computed on a CPU only, and the device is {device}; use bf16 or fp32")
    plain = (BF16, FP32) if precision == "bf16" or (precision != "fp32" and quick_bf16(device, width)) else (FP32,)
    whole = precision == "int8" or (
        precision == "auto" and device.type == "cpu" and width >= NARROW and quickest(width) == "int8"
    )
    return (INT8, *plain) if whole else plain


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
