"""The header of a safetensors file: which tensors it holds, and where."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...schema import ModelError
from ...schema.outside import Unreadable, parse_json
from .contents import POINTER, is_pointer

MAX_HEADER = 32 * 2**20
"""Bytes of header we are willing to parse: a quarter of a million tensors."""

MAX_AXES = 16
"""Axes of a tensor."""

BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64,
}  # fmt: skip
"""Bits per element of the dtypes whose size we check; a file may name others."""


@dataclass(frozen=True)
class TensorInfo:
    """One stored tensor: where its bytes lie."""

    name: str
    dtype: str
    """as safetensors writes it, such as BF16"""
    shape: tuple[int, ...]
    file: Path
    start: int
    """byte offset in the file"""
    length: int
    """bytes"""


def read_header(path: Path) -> list[TensorInfo]:
    """The tensors of one file, in the order of their bytes.

    Raises ModelError naming the file when the header does not parse, or does not fit the bytes that are there.
    """
    try:
        if is_pointer(path):
            raise ModelError(f"{path}: {POINTER}")
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > size - 8:
                raise _damaged(path, f"its header claims {length} bytes, the file has {size}")
            if length > MAX_HEADER:
                raise ModelError(f"{path}: its header has {length:,} bytes, expected at most {MAX_HEADER:,}; split it")
            header = parse_json(file.read(length))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    except struct.error:
        raise _damaged(path, "it has no header") from None
    except Unreadable as error:
        raise _damaged(path, f"its header does not parse ({error})") from None
    if not isinstance(header, dict):
        raise _damaged(path, "its header is no table of tensors")
    found = [_tensor(path, 8 + length, name, entry) for name, entry in header.items() if name != "__metadata__"]
    found.sort(key=lambda tensor: tensor.start)
    _check_layout(path, 8 + length, size, found)
    return found


def _tensor(path: Path, base: int, name: str, entry: Any) -> TensorInfo:
    shown = f"tensor {name[:100]!r}"
    try:
        (start, end), shape, dtype = entry["data_offsets"], tuple(entry["shape"]), entry["dtype"]
    except (KeyError, TypeError, ValueError):
        raise _damaged(path, f"{shown} has no dtype, shape and offsets") from None
    if not all(map(_is_size, (start, end, *shape))) or not isinstance(dtype, str) or len(shape) > MAX_AXES:
        raise _damaged(path, f"{shown} has a dtype, shape or offset that is none")
    bits = BITS.get(dtype)
    if start > end or (bits is not None and math.prod(shape) * bits != 8 * (end - start)):
        raise _damaged(path, f"{shown} is {dtype[:20]} {list(shape)} in {end - start} bytes")
    return TensorInfo(name, dtype, shape, path, base + start, end - start)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _check_layout(path: Path, base: int, size: int, tensors: list[TensorInfo]) -> None:
    at = base
    for tensor in tensors:
        if tensor.start != at:
            raise _damaged(path, f"tensor {tensor.name[:100]!r} does not begin where the one before it ends")
        at += tensor.length
    if at != size:
        raise _damaged(path, f"it has {size} bytes, its tensors need {at}")


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path}: truncated or corrupt safetensors file: {reason}; download or convert it again")
