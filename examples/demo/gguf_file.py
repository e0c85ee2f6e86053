"""Reading a GGUF file: its metadata and its tensors, dequantised a block of rows at a time.

The `gguf` package's own reader makes an object of every vocabulary entry, which takes 10 s for the
262,144 of Gemma; here only its vectorised dequantisation is used.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TypeAlias

import numpy as np
from neuronkb.schema.errors import ModelError
from numpy.typing import NDArray

Value: TypeAlias = int | float | bool | str | list[int] | list[float] | list[bool] | list[str]

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_ALIGNMENT = 32
_VERSIONS = (2, 3)
_FLOAT32 = 0


@dataclass(frozen=True)
class GGUFTensor:
    name: str
    shape: tuple[int, ...]
    """In row-major order: `[rows, columns]` or `[columns]`."""
    kind: int
    """The ggml type: 0 is float32, 8 is Q8_0, ..."""
    offset: int
    """Bytes from the start of the file."""


@dataclass(frozen=True)
class GGUFFile:
    """The header of a GGUF file (specification: ggml, docs/gguf.md), version 2 or 3, little-endian."""

    path: Path
    metadata: dict[str, Value]
    tensors: dict[str, GGUFTensor]

    @classmethod
    def open(cls, path: Path) -> GGUFFile:
        """Reads the header. Raises ModelError where the file is missing, cut short or not GGUF."""
        try:
            with path.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as data:
                return _Header(data).read(path)
        except (OSError, struct.error, UnicodeDecodeError, KeyError, ValueError, OverflowError) as error:
            raise ModelError(f"{str(path)!r} is not a readable GGUF file: {error}") from error

    def rows(self, name: str, start: int, stop: int) -> NDArray[np.float32]:
        """Rows `start:stop` of a tensor, dequantised: float32 `[stop - start, columns]` (a vector has one row)."""
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, dequantize

        tensor = self.tensors[name]
        columns = tensor.shape[-1]
        kind = GGMLQuantizationType(tensor.kind)
        values, size = GGML_QUANT_SIZES[kind]
        row_bytes = columns // values * size
        stored = np.memmap(self.path, np.uint8, "r", tensor.offset + start * row_bytes, ((stop - start) * row_bytes,))
        if tensor.kind == _FLOAT32:
            return np.array(stored).view(np.float32).reshape(-1, columns)
        # In one row: the package works through 16 rows at a time, which is slow for short ones.
        dense: NDArray[np.float32] = dequantize(stored.reshape(1, -1), kind)
        return dense.reshape(-1, columns)


class _Header:
    """A cursor over the header."""

    def __init__(self, data: mmap) -> None:
        self.data = data
        self.at = 0

    def read(self, path: Path) -> GGUFFile:
        if self.data[:4] != b"GGUF":
            raise ValueError("it does not start with 'GGUF'")
        self.at = 4
        version, n_tensors, n_keys = self._take("IQQ")
        if version not in _VERSIONS:
            raise ValueError(f"version {version}, expected 2 or 3")
        metadata: dict[str, Value] = {}
        for _ in range(n_keys):
            key = self._string()
            (kind,) = self._take("I")
            metadata[key] = self._value(kind)
        tensors = [self._tensor() for _ in range(n_tensors)]
        start = -(-self.at // _ALIGNMENT) * _ALIGNMENT
        placed = {t.name: GGUFTensor(t.name, t.shape, t.kind, t.offset + start) for t in tensors}
        return GGUFFile(path, metadata, placed)

    def _take(self, form: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + form, self.data, self.at)
        self.at += struct.calcsize("<" + form)
        return values

    def _string(self) -> str:
        (length,) = struct.unpack_from("<Q", self.data, self.at)
        start = self.at + 8
        self.at = start + length
        if self.at > len(self.data):
            raise ValueError("a string runs past the end of the file")
        return self.data[start : self.at].decode("utf-8")

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._take(_SCALARS[kind])[0]
        of, count = self._take("IQ")
        if of == _STRING:
            return [self._string() for _ in range(count)]
        return list(self._take(f"{count}{_SCALARS[of]}"))

    def _tensor(self) -> GGUFTensor:
        """With its offset still counted from the start of the data section."""
        name = self._string()
        (n_axes,) = self._take("I")
        axes = self._take(f"{n_axes}Q")
        kind, offset = self._take("IQ")
        return GGUFTensor(name, tuple(reversed(axes)), kind, offset)
