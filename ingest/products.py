"""Which number format this machine multiplies quickest: measured, never told from the processor's name.

A processor with instructions for a format need not be quick in it, and the library may not use them. So each format is
tried on a product of the shape at hand, once a machine; the rates are kept in the user's cache folder. A format whose
products fail or are wrong has no rate.

What counts is processor time of one thread: other work on the machine then hardly matters, and the decoding's workers
have a core each. So the rates hold for any number of threads.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch

from .kept import keep, read_kept

Product = Literal["int8", "bf16", "fp32"]
"""int8: whole numbers up to LEFT and RIGHT, with exact int32 sums. bf16: sums in float32, stored as bfloat16."""
LEFT, RIGHT = 127, 64
"""Largest whole numbers of an int8 product. Processors without VNNI add two products in 16 bits, the left numbers moved
up by 128 to be unsigned, and 2 x 255 x 64 is the most that fits there."""

ROWS, TOKENS = 128, 2048
"""Shape of a product that is timed. One of a sixteenth comes first, so that a format without instructions, which may be
a hundred times slower, is given up soon."""
SECONDS = 0.05
"""Of processor time for which a format is timed; the best of three counts."""
HOPELESS = 4.0
"""So many times slower than float32 in the small product: not timed further."""
LIMITS = ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_ENABLE_INSTRUCTIONS")
"""Environment variables that keep libraries from instructions the processor has."""

Rates = dict[str, float]
Multiply = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], object]


def whole_product(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> None:
    """`left @ right.T` of int8 matrices, into int32 `out`. Exact for numbers up to LEFT and RIGHT."""
    torch._int_mm(left, right.T, out=out)


def _product(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> None:
    torch.mm(left, right.T, out=out)


WAYS: dict[str, tuple[Multiply, torch.dtype, torch.dtype]] = {
    "fp32": (_product, torch.float32, torch.float32),
    "int8": (whole_product, torch.int8, torch.int32),
    "bf16": (_product, torch.bfloat16, torch.bfloat16),
}
"""How each format multiplies, its numbers, and those of its results."""

_known: dict[str, Rates] = {}


def quickest(width: int, *among: Product) -> str:
    """Of some formats (all unless named) the one with the quickest products on the CPU of vectors of `width` numbers;
    fp32 where none works."""
    found = rates(width)
    names: list[str] = [name for name in among or WAYS if name in found]
    return max(names, key=lambda name: found[name], default="fp32")


def quick_bf16(device: torch.device, width: int = 1024) -> bool:
    """Whether bfloat16 products are quicker than float32 ones there: measured on a CPU; on a GPU, Ampere or newer."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8
    return device.type == "cpu" and quickest(width, "bf16", "fp32") == "bf16"


def rates(width: int, folder: Path | None = None) -> Rates:
    """GFLOP/s of each format that works here, of one thread.

    `width` counts as the next power of two from 256 to 4096. Kept in `products.json` in `folder`, the user's cache
    folder unless given; what cannot be read there is measured anew.
    """
    shape = min(4096, max(256, 1 << (width - 1).bit_length()))
    key = _key(shape)
    if folder is not None:
        return _kept(folder, key, shape)
    if key not in _known:
        from platformdirs import user_cache_path

        _known[key] = _kept(user_cache_path("neuronkb"), key, shape)
    return _known[key]


def measure(width: int) -> Rates:
    """Try every format on random and on extreme numbers. Takes about a second."""
    found: Rates = {}
    small = 0.0
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name in WAYS:
            rate = _tried(name, ROWS // 4, TOKENS // 4, width, SECONDS / 16)
            small = max(small, rate) if name == "fp32" else small
            if rate * HOPELESS > small:
                rate = _tried(name, ROWS, TOKENS, width, SECONDS)
            if rate:
                found[name] = float(f"{rate:.3g}")
    finally:
        torch.set_num_threads(threads)
    return found


def _tried(name: str, rows: int, tokens: int, width: int, seconds: float) -> float:
    """The rate, 0 where the format fails or is wrong."""
    try:
        return _rate(name, rows, tokens, width, seconds)
    except (RuntimeError, AttributeError):  # not in this library, or not for this processor
        return 0.0


def _rate(name: str, rows: int, tokens: int, width: int, seconds: float) -> float:
    """GFLOP/s of one shape; 0 where the products are wrong."""
    multiply, numbers, results = WAYS[name]
    left, right = _numbers(rows, width, numbers, LEFT), _numbers(tokens, width, numbers, RIGHT)
    out = torch.empty(rows, tokens, dtype=results)
    multiply(left, right, out)
    if not _right(left, right, out):
        return 0.0
    best = float("inf")
    for _ in range(3):
        start, count = time.thread_time(), 0
        while time.thread_time() - start <= seconds:
            multiply(left, right, out)
            count += 1
        best = min(best, (time.thread_time() - start) / count)
    return 2e-9 * rows * tokens * width / best


def _numbers(rows: int, width: int, dtype: torch.dtype, most: int) -> torch.Tensor:
    """Whole numbers up to `most`, the first rows at both ends of the range, where sums that are too short overflow."""
    generator = torch.Generator().manual_seed(rows)
    found = torch.randint(-most, most + 1, (rows, width), generator=generator)
    found[0], found[1], found[2, ::2] = most, -most, most
    return found.to(dtype)


def _right(left: torch.Tensor, right: torch.Tensor, out: torch.Tensor) -> bool:
    """Whether products are exact, or off by no more than their format's rounding."""
    true = left.double() @ right.double().T
    off = (out.double() - true).abs()
    if not out.is_floating_point():
        return bool((off == 0).all())
    length = left.double().norm(dim=1)[:, None] * right.double().norm(dim=1)
    return bool((off <= torch.finfo(out.dtype).eps * true.abs() + 1e-4 * length).all())


def _key(shape: int) -> str:
    limits = [f"{name}={os.environ[name]}" for name in LIMITS if name in os.environ]
    return "; ".join([_processor(), f"torch {torch.__version__}", *limits, f"width {shape}"])


def _processor() -> str:
    """The processor's name and model: virtual machines give one name to different ones."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    told = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    name = told.get("model name") or platform.processor() or platform.machine()
    model = " ".join(told[key] for key in ("cpu family", "model", "stepping") if key in told)
    return f"{name} {model}".strip()


def _kept(folder: Path, key: str, shape: int) -> Rates:
    file = folder / "products.json"
    held = _read(file)
    if key not in held:
        held[key] = measure(shape)
        keep(file, held)
    return held[key]


def _read(file: Path) -> dict[str, Rates]:
    """What is kept; entries of another form are left out."""
    held = read_kept(file)
    return {key: value for key, value in held.items() if _is_rates(value)} if isinstance(held, dict) else {}


def _is_rates(value: object) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(name in WAYS and isinstance(rate, int | float) and rate > 0 for name, rate in value.items())
    )
