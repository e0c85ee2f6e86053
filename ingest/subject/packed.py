"""Quantised weights: which tensors of a checkpoint are packed, and the numbers that they stand for.

Read by the formats as their libraries publish them: GPTQ (AutoGPTQ, GPTQModel), AWQ (AutoAWQ's gemm), fp8 in blocks as
DeepSeek stores it, compressed-tensors (pack-quantized, int-quantized, float-quantized), LLM.int8() of bitsandbytes, and
MXFP4 as gpt-oss stores its experts (OCP Microscaling Formats 1.0: 32 numbers of 4 bits share a power of two).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...schema import ModelError
from .header import TensorInfo

if TYPE_CHECKING:
    import torch

Parts = Mapping[str, "torch.Tensor"]

FP8 = ("F8_E4M3", "F8_E5M2")
_OTHERS = {
    "codebooks": "AQLM",
    "quant_map": "bitsandbytes in 4 bits",
    "weight.quant_map": "bitsandbytes in 4 bits",
    "W_q": "HQQ",
    "weight._data": "quanto",
    "SU": "QuIP#",
    "dense_weights": "SpQR",
    "centroids.weight": "VPTQ",
    "weight_packed": "compressed-tensors of a format other than pack-quantized",
}
"""The last part of names that other quantisers write."""
_SCALED = ("compressed-tensors", "fbgemm-fp8", "modelopt", "fp8")
"""Methods whose `weight_scale` is what to multiply with."""
_SAID = ("quant_method", "bits", "w_bit", "version", "checkpoint_format")
_AWQ = (0, 4, 1, 5, 2, 6, 3, 7)
"""Where AWQ puts the numbers 0 to 7 of eight."""


@dataclass(frozen=True)
class Packed:
    """A weight that is stored as several tensors; read, it is float32 `[d_out, d_in]`."""

    method: str
    parts: Mapping[str, TensorInfo]
    """by the last part of their names"""
    shape: tuple[int, ...]
    settings: Mapping[str, Any]

    @property
    def stacked(self) -> bool:
        """Whether its parts have an entry a row, so that some rows can be read alone."""
        return self.method == "MXFP4"

    def weight(self, read: Callable[[TensorInfo], torch.Tensor]) -> torch.Tensor:
        """The numbers themselves, float32. Raises ModelError where they cannot be told."""
        found = self._read(read)
        if tuple(found.shape) != self.shape:
            raise self.error(f"they give {list(found.shape)}, expected {list(self.shape)}")
        return found

    def rows(self, read: Callable[[TensorInfo, slice], torch.Tensor], rows: slice) -> torch.Tensor:
        """Some rows of a stacked weight, float32, the others not read. Raises ModelError."""
        found = self._read(lambda info: read(info, rows))
        if tuple(found.shape[1:]) != self.shape[1:]:
            raise self.error(f"they give {list(found.shape[1:])} a row, expected {list(self.shape[1:])}")
        return found

    def _read(self, read: Callable[[TensorInfo], torch.Tensor]) -> torch.Tensor:
        parts = {name: read(info) for name, info in self.parts.items()}
        try:
            return _READ[self.method](parts, self.settings)
        except (RuntimeError, IndexError, KeyError, TypeError, ValueError, ArithmeticError) as error:
            raise self.error(str(error).splitlines()[0]) from None

    def error(self, why: str) -> ModelError:
        """Naming the file and a tensor of this weight."""
        info = next(iter(self.parts.values()))
        return ModelError(f"{info.file}: {info.name!r} and those beside it are no {self.method} weights: {why}")


def find_packed(folder: Path, config: Mapping[str, Any], tensors: Mapping[str, TensorInfo]) -> dict[str, Packed]:
    """Name of a weight (`...weight`) -> what it is stored as. Raises ModelError for a quantisation that is not read."""
    settings = config.get("quantization_config") or {}
    settings = settings if isinstance(settings, dict) else {}
    method = str(settings.get("quant_method", "")).replace("_", "-")
    modules: dict[str, dict[str, TensorInfo]] = {}
    for name, info in tensors.items():
        for last in _PARTS:
            if name.endswith(f".{last}"):
                modules.setdefault(name.removesuffix(last), {})[last] = info
    found = {}
    for module, parts in modules.items():
        if packed := _packed(method, settings, parts):
            found[f"{module}weight"] = packed
    for name, info in tensors.items():
        scales = tensors.get(f"{name.removesuffix('_blocks')}_scales")
        if method == "mxfp4" and name.endswith("_blocks") and scales is not None and len(info.shape) == 4:
            experts, d_out, groups, each = info.shape
            shape = (experts, groups * each * 2, d_out)
            found[name.removesuffix("_blocks")] = Packed("MXFP4", {"blocks": info, "scales": scales}, shape, {})
    _refuse_others(folder, settings, tensors, found)
    return found


_PARTS = (
    "weight", "qweight", "qzeros", "scales", "g_idx", "weight_packed", "weight_scale", "weight_shape", "weight_g_idx",
    "weight_zero_point", "weight_scale_inv", "SCB",
)  # fmt: skip


def _packed(method: str, settings: Mapping[str, Any], parts: Mapping[str, TensorInfo]) -> Packed | None:
    """What the tensors of one module are; None for plain ones and for those that are not read."""

    def shape(name: str) -> tuple[int, ...]:
        return parts[name].shape

    weight = parts["weight"].dtype if "weight" in parts else None
    if {"qweight", "qzeros", "scales"} <= parts.keys() and len(shape("qweight")) == 2:
        bits = _bits(settings, "bits", "w_bit")
        form = str(settings.get("checkpoint_format", "gptq"))
        if method == "gptq" and bits in (2, 4, 8) and form in ("gptq", "gptq_v2"):
            return Packed("GPTQ", parts, (shape("qweight")[1], shape("qweight")[0] * 32 // bits), settings)
        form = str(settings.get("version", settings.get("format", "gemm")))
        if method == "awq" and bits == 4 and form.lower() == "gemm":
            return Packed("AWQ", parts, (shape("qweight")[1] * 8, shape("qweight")[0]), settings)
        return None
    if {"weight_packed", "weight_scale"} <= parts.keys() and method == "compressed-tensors":
        args = _weights_of(settings)
        bits, packed = _bits(args, "num_bits"), parts["weight_packed"]
        plain = packed.dtype == "I32" and bits in (2, 4, 8) and args.get("type", "int") == "int"
        width = packed.shape[-1] * 32 // bits if plain and len(packed.shape) == 2 else 0
        return Packed("compressed-tensors", parts, (packed.shape[0], width), args) if width else None
    if "weight_scale_inv" in parts and weight in FP8 and method == "fp8":
        return Packed("fp8", parts, shape("weight"), settings)
    if "weight_scale" in parts and weight in (*FP8, "I8") and method in _SCALED:
        return Packed("compressed-tensors", parts, shape("weight"), _weights_of(settings))
    if "SCB" in parts and weight == "I8" and method == "bitsandbytes":
        return Packed("LLM.int8()", parts, shape("weight"), settings)
    return None


def _bits(settings: Mapping[str, Any], *names: str) -> int:
    found = next((settings[name] for name in names if name in settings), 4)
    return found if isinstance(found, int) else 0


def _weights_of(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """How weights are quantised: alike in all groups, or else unknown."""
    groups = settings.get("config_groups")
    each = (
        [group.get("weights") for group in groups.values() if isinstance(group, dict)]
        if isinstance(groups, dict)
        else []
    )
    return each[0] if each and isinstance(each[0], dict) and all(one == each[0] for one in each) else {}


def _refuse_others(
    folder: Path, settings: Mapping[str, Any], tensors: Mapping[str, TensorInfo], found: Mapping[str, Packed]
) -> None:
    for name, info in tensors.items():
        module, _, last = name.rpartition(".")
        known = _OTHERS.get(last) or _OTHERS.get(".".join(name.split(".")[-2:]))
        if last == "qweight":
            said = (f"{key} {settings[key]}" for key in _SAID if key in settings)
            known = ", ".join(said)[:100] or "a method that its config does not name"
        if known is None and last == "weight" and info.dtype == "U32" and f"{module}.scales" in tensors:
            known = "MLX"
        if known and f"{module}.weight" not in found:
            raise ModelError(
                f"{folder}: its weights are quantised by {known} ({name}), which is not read; "
                "give the model that was quantised, or a copy of it saved in bfloat16"
            )


def _unpack(words: torch.Tensor, bits: int) -> torch.Tensor:
    """int32 `[rows, n]` -> int32 `[rows, n * 32 / bits]`, the lowest bits first."""
    import torch

    shifts = torch.arange(0, 32, bits, dtype=torch.int32)
    found: torch.Tensor = (words[..., None] >> shifts) & (2**bits - 1)
    return found.flatten(-2)


def _gptq(parts: Parts, settings: Mapping[str, Any]) -> torch.Tensor:
    import torch

    bits = _bits(settings, "bits", "w_bit")
    numbers, zeros = _unpack(parts["qweight"].T, bits), _unpack(parts["qzeros"], bits)
    if str(settings.get("checkpoint_format", "gptq")) == "gptq":
        if (zeros == 2**bits - 1).any():
            raise ValueError("a zero point of 0 or of 2^bits, which this format cannot tell apart")
        zeros = zeros + 1
    n, size = numbers.shape[1], settings.get("group_size", -1)
    groups = parts["g_idx"].long() if "g_idx" in parts else torch.arange(n) // (size if size > 0 else n)
    if "g_idx" not in parts and int(groups[-1]) != len(zeros) - 1:
        raise ValueError(f"{len(zeros)} groups, which a group_size of {size} does not give")
    scales = parts["scales"].float()[groups]
    found: torch.Tensor = scales * (numbers.T - zeros[groups])
    return found.T.contiguous()


def _awq(parts: Parts, settings: Mapping[str, Any]) -> torch.Tensor:
    def ordered(words: torch.Tensor) -> torch.Tensor:
        return _unpack(words, 4).reshape(len(words), -1, 8)[..., list(_AWQ)].flatten(-2)

    numbers, zeros, scales = ordered(parts["qweight"]), ordered(parts["qzeros"]), parts["scales"].float()
    each = numbers.shape[0] // len(scales)
    found: torch.Tensor = (numbers - zeros.repeat_interleave(each, 0)) * scales.repeat_interleave(each, 0)
    return found.T.contiguous()


def _compressed(parts: Parts, settings: Mapping[str, Any]) -> torch.Tensor:
    import torch

    scale, zero = parts["weight_scale"].float(), parts.get("weight_zero_point")
    scale = scale.reshape(-1, scale.shape[-1] if scale.ndim > 1 else 1)
    if "weight_packed" in parts:
        bits = _bits(settings, "num_bits")
        numbers = _unpack(parts["weight_packed"], bits) - 2 ** (bits - 1)
        if tuple(parts["weight_shape"].tolist()) != tuple(numbers.shape):
            raise ValueError(f"{bits} bits give {list(numbers.shape)}, expected {parts['weight_shape'].tolist()}")
        if zero is not None and zero.dtype == torch.int32:
            zero = _unpack(zero.T, bits).T[: len(scale)] - 2 ** (bits - 1)
    else:
        numbers = parts["weight"].float()
    rows, columns = (
        _groups(n, many, size) for n, many, size in zip(numbers.shape, scale.shape, _sizes(settings), strict=True)
    )
    if "weight_g_idx" in parts and not (parts["weight_g_idx"] < 0).any():
        columns = parts["weight_g_idx"].long()
    if zero is not None:
        numbers = numbers - zero.float().reshape(scale.shape)[rows][:, columns]
    found: torch.Tensor = numbers * scale[rows][:, columns]
    return found


def _sizes(settings: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Rows and columns that share a scale, where the config says."""
    block, group = settings.get("block_structure"), settings.get("group_size")
    if block is not None or settings.get("strategy") == "block":
        if not isinstance(block, list) or len(block) != 2 or not all(isinstance(n, int) and n > 0 for n in block):
            raise ValueError(f"blocks of {str(block)[:40]!r}, expected two sizes")
        return block[0], block[1]
    return None, group if isinstance(group, int) and group > 0 else None


def _groups(n: int, many: int, size: int | None) -> torch.Tensor:
    """The number of the scale of each of n rows or columns."""
    import torch

    if many > 1 and size is None and n % many:
        raise ValueError(f"{many} scales for {n}, which they do not divide")
    found = torch.arange(n) // (size or n // many if many > 1 else n)
    if int(found[-1]) != many - 1:
        raise ValueError(f"{many} scales for {n} in groups of {size}")
    return found


def _fp8(parts: Parts, settings: Mapping[str, Any]) -> torch.Tensor:
    weight, scale = parts["weight"].float(), parts["weight_scale_inv"].float()
    if scale.numel() == 1:
        return weight * scale.reshape(())
    rows, columns = settings["weight_block_size"]
    wide = scale.repeat_interleave(rows, 0)[: len(weight)].repeat_interleave(columns, 1)[:, : weight.shape[1]]
    return weight * wide


def _int8(parts: Parts, settings: Mapping[str, Any]) -> torch.Tensor:
    return parts["weight"].float() * parts["SCB"].float()[:, None] / 127


_FP4 = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
"""What the lower three bits of four stand for; the highest is the sign."""


def _mxfp4(parts: Parts, settings: Mapping[str, Any]) -> torch.Tensor:
    """uint8 `[experts, d_out, groups, 16]`, lower half first, and exponents -> `[experts, d_in, d_out]`."""
    import torch

    blocks, scales = parts["blocks"], parts["scales"]
    if blocks.dtype != torch.uint8 or scales.dtype != torch.uint8 or blocks.shape[:-1] != scales.shape:
        raise ValueError(f"blocks {list(blocks.shape)} and scales {list(scales.shape)} of bytes do not fit")
    if bool((scales == 255).any()):
        raise ValueError("a scale that is no number")
    table = torch.tensor([*_FP4, *(-value for value in _FP4)])
    numbers = table[torch.stack([blocks & 15, blocks >> 4], dim=-1).int()].flatten(-2)
    found = torch.ldexp(numbers, (scales.int() - 127)[..., None]).flatten(-2)
    return found.transpose(-1, -2).contiguous()


_READ: Mapping[str, Callable[[Parts, Mapping[str, Any]], torch.Tensor]] = {
    "GPTQ": _gptq, "AWQ": _awq, "compressed-tensors": _compressed, "fp8": _fp8, "LLM.int8()": _int8,
    "MXFP4": _mxfp4,
}  # fmt: skip
