"""A LoRA adapter over a model: W + scale * B A, computed when a weight is read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...schema import ModelError
from .checkpoint import FLOATS, Checkpoint, read_config, read_stored
from .header import TensorInfo, read_header
from .packed import Packed

if TYPE_CHECKING:
    import torch

_NAME = re.compile(r"(?:base_model\.model\.)?(?P<module>.+)\.lora_(?P<half>[AB])(?:\.default)?\.weight")
_NOT_READ = {
    "use_dora": "DoRA",
    "modules_to_save": "whole modules beside LoRA (modules_to_save)",
    "layer_replication": "replicated layers",
    "target_parameters": "LoRA of parameters",
    "trainable_token_indices": "trained tokens",
    "alora_invocation_tokens": "LoRA that a prompt switches on",
}
_STARTS = (None, True, False, "gaussian", "eva", "orthogonal")
"""How LoRA began, where that leaves the base model's weights as they are."""


@dataclass(frozen=True)
class Merged:
    """A weight with an adapter's product added; read, it is float32 `[d_out, d_in]`, or as the base stores it."""

    method: str
    parts: Mapping[str, TensorInfo]
    shape: tuple[int, ...]
    settings: Mapping[str, Any]
    base: Packed | None
    """where the base's weight is quantised"""

    @property
    def stacked(self) -> bool:
        """Its rows come out of the whole product."""
        return False

    def weight(self, read: Callable[[TensorInfo], torch.Tensor]) -> torch.Tensor:
        """The merged numbers, float32."""
        whole = read(self.parts["base"]).float() if self.base is None else self.base.weight(read)
        return whole + self.delta(read)

    def rows(self, read: Callable[[TensorInfo, slice], torch.Tensor], rows: slice) -> torch.Tensor:
        """As a slice of the whole."""
        return self.weight(lambda info: read(info, slice(None)))[rows]

    def delta(self, read: Callable[[TensorInfo], torch.Tensor]) -> torch.Tensor:
        """What the adapter adds, float32 of the weight's shape."""
        product = float(self.settings["scale"]) * (read(self.parts["B"]).float() @ read(self.parts["A"]).float())
        return product.T if self.settings["transposed"] else product


def with_adapter(checkpoint: Checkpoint, folder: Path) -> Checkpoint:
    """The checkpoint with the LoRA adapter in `folder` (as PEFT saves it) merged. Nothing is read but headers.

    Raises ModelError: no adapter there, of another kind than plain or rank-stabilised LoRA, or not of this model.
    """
    config = read_config(folder / "adapter_config.json")
    _check(folder, config)
    halves: dict[str, dict[str, TensorInfo]] = {}
    for info in read_header(folder / "adapter_model.safetensors"):
        match = _NAME.fullmatch(info.name)
        if match is None or info.dtype not in FLOATS or len(info.shape) != 2:
            raise ModelError(f"{info.file}: {info.name!r} is {info.dtype}, expected lora_A and lora_B matrices alone")
        halves.setdefault(match["module"], {})[match["half"]] = info
    if not halves:
        raise ModelError(f"{folder}: the adapter holds no LoRA matrices")
    packed: dict[str, Any] = dict(checkpoint.packed)
    tensors = dict(checkpoint.tensors)
    for module, parts in halves.items():
        name = _target(checkpoint, folder, module)
        packed[name] = merged = _merged(checkpoint, folder, module, name, parts, config)
        tensors[name] = replace(checkpoint.tensors[name], dtype="F32", shape=merged.shape, length=0)
    return replace(checkpoint, tensors=tensors, packed=packed, _digests={}, _unpacked={})


def _check(folder: Path, config: Mapping[str, Any]) -> None:
    if config.get("peft_type") != "LORA":
        raise ModelError(
            f"{folder}: holds a {str(config.get('peft_type'))[:40]} adapter, expected LORA; merge it with peft"
        )
    other = [words for key, words in _NOT_READ.items() if config.get(key)]
    if config.get("bias", "none") != "none" or config.get("lora_bias"):
        other.append("trained biases")
    if config.get("init_lora_weights", True) not in _STARTS:
        other.append(f"a start ({config['init_lora_weights']!r}) that changes the base model")
    if other:
        raise ModelError(
            f"{folder}: the adapter has {', '.join(other)}, which is not merged here; merge it with peft's "
            "merge_and_unload() and give the saved model"
        )


def _target(checkpoint: Checkpoint, folder: Path, module: str) -> str:
    """The base's tensor that a module's matrices belong to: of that name, or the one that ends alike."""
    wanted = f"{module}.weight"
    if wanted in checkpoint.tensors:
        return wanted
    alike = [n for n in checkpoint.tensors if n.endswith(f".{wanted}") or wanted.endswith(f".{n}")]
    if len(alike) != 1:
        raise ModelError(f"{folder}: it changes {module!r}, which {checkpoint.folder} has not; give its base model")
    return alike[0]


def _merged(
    checkpoint: Checkpoint,
    folder: Path,
    module: str,
    name: str,
    parts: Mapping[str, TensorInfo],
    config: Mapping[str, Any],
) -> Merged:
    under_it, shape = checkpoint.packed.get(name), checkpoint.info(name).shape
    if isinstance(under_it, Merged):
        raise ModelError(f"{folder}: {module!r} has an adapter already; give one")
    base = under_it if isinstance(under_it, Packed) else None
    if parts.keys() != {"A", "B"} or parts["A"].shape[0] != parts["B"].shape[1]:
        raise ModelError(f"{folder}: {module!r} has no lora_A and lora_B that fit each other")
    product = (parts["B"].shape[0], parts["A"].shape[1])
    transposed = bool(config.get("fan_in_fan_out"))
    if (product[::-1] if transposed else product) != shape:
        raise ModelError(
            f"{folder}: {module!r} changes {list(product)}, the base has {list(shape)}; give its base model"
        )
    under = {"base": checkpoint.tensors[name]} if base is None else {f"base.{k}": v for k, v in base.parts.items()}
    settings: dict[str, Any] = {"scale": _scale(folder, module, config, parts["A"].shape[0]), "transposed": transposed}
    settings |= {} if base is None else {"base": [base.method, dict(base.settings)]}
    return Merged("LoRA", {**under, **parts}, shape, settings, base)


def _scale(folder: Path, module: str, config: Mapping[str, Any], stored: int) -> float:
    """alpha / r, or alpha / sqrt(r) where rank-stabilised (Kalajdzievski 2023, arXiv 2312.03732); each module may have
    its own."""
    rank = _number(folder, module, config, "r", "rank_pattern")
    if rank != stored:
        raise ModelError(f"{folder}: {module!r} is of rank {stored}, expected {rank:g} by its config; save it anew")
    alpha = _number(folder, module, config, "lora_alpha", "alpha_pattern")
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _number(folder: Path, module: str, config: Mapping[str, Any], key: str, pattern: str) -> float:
    special = config.get(pattern) or {}
    if not isinstance(special, dict) or not all(re.fullmatch(r"[\w.]+", name) for name in special):
        raise ModelError(
            f"{folder}: its {pattern} is {str(special)[:80]!r}, expected names of modules; merge it with peft"
        )
    found = next((special[name] for name in special if f".{module}".endswith(f".{name}")), config.get(key))
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found < math.inf:
        raise ModelError(f"{folder}: its {key} is {str(found)[:40]!r}, expected a number above 0")
    return float(found)


def merge_running(model: Any, checkpoint: Checkpoint) -> None:
    """Add to a running model, in its own number format, what its adapter adds. Raises ModelError."""
    import torch

    weights = dict(model.named_parameters())
    for name, merged in checkpoint.packed.items():
        if not isinstance(merged, Merged):
            continue
        alike = [name] if name in weights else [n for n in weights if n.endswith(f".{name}") or name.endswith(f".{n}")]
        if len(alike) != 1 or tuple(weights[alike[0]].shape) != merged.shape:
            raise ModelError(
                f"{checkpoint.folder}: it runs without {name!r}, which the adapter changes; merge it with peft"
            )
        weight = weights[alike[0]]
        with torch.no_grad():
            added = weight.float() + merged.delta(read_stored).to(weight.device)
            weight.copy_(added.to(weight.dtype))
