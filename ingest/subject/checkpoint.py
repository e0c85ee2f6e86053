"""A model's stored weights: tensors by name, read when asked for, and their hashes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ...schema import ModelError
from ...schema.outside import Unreadable, parse_json, read_bytes
from .contents import adapter_of, without_weights
from .header import TensorInfo, read_header
from .packed import find_packed

if TYPE_CHECKING:
    import torch

    from .skeleton import Skeleton

FLOATS = ("F64", "F32", "F16", "BF16")
"""The dtypes that a weight may be read as."""
INDEX = "model.safetensors.index.json"
PIECE = 4 * 2**20
MAX_CONFIG = 64 * 2**20
"""Bytes of a config, or of an index, which names every tensor."""


class Unread(Protocol):
    """A weight that is computed from stored tensors when it is read."""

    @property
    def method(self) -> str:
        """how it is stored"""

    @property
    def parts(self) -> Mapping[str, TensorInfo]:
        """the tensors"""

    @property
    def settings(self) -> Mapping[str, Any]:
        """what else decides its numbers"""

    @property
    def stacked(self) -> bool:
        """whether some rows can be read alone"""

    def weight(self, read: Callable[[TensorInfo], torch.Tensor]) -> torch.Tensor:
        """The numbers, float32."""

    def rows(self, read: Callable[[TensorInfo, slice], torch.Tensor], rows: slice) -> torch.Tensor:
        """Some of a stacked weight's rows, float32."""


@dataclass(frozen=True)
class Checkpoint:
    """A folder of safetensors with its config. Opening reads headers only; tensors come one at a time."""

    folder: Path
    config: Mapping[str, Any]
    """config.json as stored"""
    tensors: Mapping[str, TensorInfo]
    """by name; a quantised or merged weight stands here as the float32 matrix that it is read as"""
    packed: Mapping[str, Unread] = field(default_factory=dict)
    """what such weights are stored as"""
    _digests: dict[str, str] = field(default_factory=dict, repr=False)
    _unpacked: dict[str, torch.Tensor] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, folder: Path) -> Checkpoint:
        """Read config.json and the header of every shard.

        Raises ModelError: no config, no safetensors, a shard that is missing, truncated or corrupt, weights quantised
        in a way that is not read.
        """
        if not (folder / "config.json").exists() and (adapter := adapter_of(folder)):
            raise ModelError(f"{folder}: {adapter}")
        config = read_config(folder / "config.json")
        tensors: dict[str, TensorInfo] = {}
        for file in _shards(folder):
            tensors |= {tensor.name: tensor for tensor in read_header(file)}
        packed = find_packed(folder, config, tensors)
        for name, each in packed.items():
            first = next(iter(each.parts.values()))
            for part in each.parts.values():
                del tensors[part.name]
            tensors[name] = TensorInfo(name, "F32", each.shape, first.file, first.start, 0)
        return cls(folder, config, tensors, packed)

    @property
    def text_config(self) -> Mapping[str, Any]:
        """The language model's part of the config: itself, or the part a multimodal model nests."""
        nested = self.config.get("text_config")
        return nested if isinstance(nested, dict) else self.config

    @cached_property
    def skeleton(self) -> Skeleton | None:
        """The modules that these tensors are of; None where transformers knows no causal language model of the config.

        Built once, without weights."""
        from .skeleton import Skeleton

        return Skeleton.of(self)

    def tensor(self, name: str) -> torch.Tensor:
        """One tensor as stored, dtype and shape. Raises ModelError when absent, quantised or unreadable."""
        return self._read(name, None)

    def rows(self, name: str, start: int, stop: int) -> torch.Tensor:
        """Rows `start` to `stop` of a tensor as stored, without reading the others."""
        return self._read(name, slice(start, stop))

    def _read(self, name: str, rows: slice | None) -> torch.Tensor:
        info = self.info(name)
        if name not in self.packed:
            return read_stored(info, rows)
        packed = self.packed[name]
        if rows is not None and packed.stacked:
            return packed.rows(read_stored, rows)
        # Who reads a matrix in parts asks for the next part next.
        if name not in self._unpacked:
            self._unpacked.clear()
            self._unpacked[name] = packed.weight(read_stored)
        whole = self._unpacked[name] if rows is not None else self._unpacked.pop(name)
        return whole if rows is None else whole[rows]

    def info(self, name: str) -> TensorInfo:
        """Where a weight lies. Raises ModelError when it is absent or not stored as floating point."""
        info = self.tensors.get(name)
        if info is None:
            raise ModelError(f"{self.folder}: no tensor {name!r} among its {len(self.tensors)}")
        if info.dtype not in FLOATS:
            raise ModelError(
                f"{info.file}: tensor {name!r} is stored as {info.dtype}, quantised in a way that is not read; "
                "give the model that was quantised, or a copy of it saved in bfloat16"
            )
        return info

    def digest(self, name: str) -> str:
        """Hex sha256 of a tensor's stored bytes; of a quantised one's parts and how they are read. Computed once."""
        if name not in self._digests:
            packed = self.packed.get(name)
            self._digests[name] = _digest(self.tensors[name]) if packed is None else _packed_digest(packed)
        return self._digests[name]

    def _length(self, info: TensorInfo) -> int:
        """Bytes that are read to hash it."""
        packed = self.packed.get(info.name)
        return info.length if packed is None else sum(part.length for part in packed.parts.values())

    def weights_hash(self, progress: Callable[[int, int], None] | None = None) -> str:
        """Hex sha256 over (name, dtype, shape, sha256 of the bytes) of every tensor, in the order of names.

        Streamed in two threads, so memory is bounded. `progress` is told the bytes read and those to read.
        """
        infos = sorted(self.tensors.values(), key=lambda info: info.name)
        lengths = [self._length(info) for info in infos]
        total, done = sum(lengths), 0
        whole = hashlib.sha256()
        with ThreadPoolExecutor(2) as pool:
            digests = pool.map(self.digest, (info.name for info in infos))
            for info, length, digest in zip(infos, lengths, digests, strict=True):
                whole.update(json.dumps([info.name, info.dtype, info.shape, digest]).encode())
                done += length
                if progress is not None:
                    progress(done, total)
        return whole.hexdigest()


def read_stored(info: TensorInfo, rows: slice | None = None) -> torch.Tensor:
    """A tensor, or some of its rows, as stored. Raises ModelError."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(info.file, framework="pt") as file:
            found: torch.Tensor = file.get_tensor(info.name) if rows is None else file.get_slice(info.name)[rows]
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{info.file}: tensor {info.name!r} cannot be read ({error})") from None
    return found


def _packed_digest(packed: Unread) -> str:
    parts = [[name, info.dtype, info.shape, _digest(info)] for name, info in sorted(packed.parts.items())]
    how = json.dumps([packed.method, dict(packed.settings), parts], sort_keys=True)
    return hashlib.sha256(how.encode()).hexdigest()


def _digest(info: TensorInfo) -> str:
    whole, left = hashlib.sha256(), info.length
    try:
        with info.file.open("rb") as file:
            file.seek(info.start)
            while piece := file.read(min(PIECE, left)):
                whole.update(piece)
                left -= len(piece)
    except OSError as error:
        raise ModelError(f"{info.file}: cannot be read ({error.strerror})") from None
    if left:
        raise ModelError(f"{info.file}: ends within tensor {info.name!r}; download or convert it again")
    return whole.hexdigest()


def _shards(folder: Path) -> list[Path]:
    if (folder / INDEX).exists():
        names = read_config(folder / INDEX).get("weight_map")
        if not isinstance(names, dict):
            raise ModelError(f"{folder / INDEX}: has no weight_map")
        return _present(folder, {str(name) for name in names.values()})
    files = sorted(path for path in folder.glob("*.safetensors") if not path.name.startswith("adapter_"))
    whole = folder / "model.safetensors"
    if whole in files:
        return [whole]
    if len(files) == 1:
        return files
    if files:
        raise ModelError(f"{folder}: {len(files)} safetensors files and no {INDEX} that says how they belong together")
    raise ModelError(f"{folder}: {without_weights(folder)}")


def _present(folder: Path, names: Iterable[str]) -> list[Path]:
    files = [folder / name for name in sorted(names)]
    for file in files:
        # A name from the index must not lead out of the folder, nor be longer than a name can be.
        if file.parent != folder or len(os.fsencode(file.name)) > 255 or not file.is_file():
            raise ModelError(f"{file}: named by {INDEX} and not there; download or convert the model again")
    return files


def read_config(path: Path) -> dict[str, Any]:
    """The object in config.json, or in the index of the shards. Raises ModelError."""
    try:
        value = parse_json(read_bytes(path, MAX_CONFIG))
    except OSError:
        raise ModelError(f"{path}: not there; give a folder as save_pretrained writes it, or a hub id") from None
    except Unreadable as error:
        raise ModelError(f"{path}: is not JSON to be read ({error}); download or convert the model again") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path}: is not a JSON object")
    return value
