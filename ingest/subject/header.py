"""The header of a safetensors file: which tensors it holds, and where."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...schema import ModelError

MAX_HEADER = 100 * 2**20
"""Bytes of header we are willing to parse; the format's own limit."""

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
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(MAX_HEADER, size - 8):
                raise _damaged(path, f"its header claims {length} bytes, the file has {size}")
            header = json.loads(file.read(length))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None
    except (struct.error, ValueError):
        raise _damaged(path, "its header does not parse") from None
    if not isinstance(header, dict):
        raise _damaged(path, "its header is no table of tensors")
    found = [_tensor(path, 8 + length, name, entry) for name, entry in header.items() if name != "__metadata__"]
    found.sort(key=lambda tensor: tensor.start)
    _check_layout(path, 8 + length, size, found)
    return found


def _tensor(path: Path, base: int, name: str, entry: Any) -> TensorInfo:
    try:
        start, end = (int(offset) for offset in entry["data_offsets"])
        shape = tuple(int(size) for size in entry["shape"])
        dtype = str(entry["dtype"])
    except (KeyError, TypeError, ValueError):
        raise _damaged(path, f"tensor {name!r} has no dtype, shape and offsets") from None
    bits = BITS.get(dtype)
    if min(shape, default=0) < 0 or (bits is not None and math.prod(shape) * bits // 8 != end - start):
        raise _damaged(path, f"tensor {name!r} is {dtype} {list(shape)} in {end - start} bytes")
    return TensorInfo(name, dtype, shape, path, base + start, end - start)


def _check_layout(path: Path, base: int, size: int, tensors: list[TensorInfo]) -> None:
    at = base
    for tensor in tensors:
        if tensor.start != at:
            raise _damaged(path, f"tensor {tensor.name!r} does not begin where the one before it ends")
        at += tensor.length
    if at != size:
        raise _damaged(path, f"it has {size} bytes, its tensors need {at}")


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path}: truncated or corrupt safetensors file: {reason}; download or convert it again")
