"""One layer's weights, read from the checkpoint in the common form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...schema import ModelError
from .checkpoint import Checkpoint
from .measured_norm import measure
from .norm import Norm, norm_kind

if TYPE_CHECKING:
    import torch

    from .architecture import Architecture


@dataclass(frozen=True)
class LayerWeights:
    """One layer: a row a neuron, whichever way the projection is stored."""

    layer: int
    rows: dict[str, torch.Tensor]
    """gate (where there is one) and up rows, down columns: each `[d_mlp, d_model]`, dtype as stored"""
    pre_norm: Norm | None
    """what the MLP reads through"""
    post_norm: Norm | None
    """what its output passes before it joins the stream"""
    final_norm: Norm | None
    """what stands before the unembedding"""


def read_layer(checkpoint: Checkpoint, architecture: Architecture, layer: int) -> LayerWeights:
    """Read one layer: its projections and the three norms. Raises ModelError."""
    if architecture.mixture is not None:
        raise ModelError(f"{checkpoint.folder}: layer {layer} of a mixture of experts has more than one MLP")
    parts = architecture.layers[layer]
    rows: dict[str, torch.Tensor] = {}
    up = checkpoint.tensor(parts.up)
    down = checkpoint.tensor(parts.down)
    if parts.transposed:
        up, down = up.T, down.T
    if parts.fused:
        rows["gate"], up = up.chunk(2, dim=0)
    elif parts.gate is not None:
        gate = checkpoint.tensor(parts.gate)
        rows["gate"] = gate.T if parts.transposed else gate
    rows |= {"up": up, "down": down.T}
    return LayerWeights(
        layer,
        {name: value.contiguous() for name, value in rows.items()},
        read_norm(checkpoint, parts.pre_norm),
        read_norm(checkpoint, parts.post_norm),
        read_norm(checkpoint, architecture.final_norm),
    )


def read_norm(checkpoint: Checkpoint, name: str | None) -> Norm | None:
    """The norm whose weight is the tensor `name`, or that stands at this path without one; None for None.

    What it does is measured on the module that transformers runs; where there is none, told by the config. Raises
    ModelError for a module that is no norm.
    """
    if name is None:
        return None
    skeleton = checkpoint.skeleton
    path = None if skeleton is None else skeleton.norm(name)
    if skeleton is None or path is None:
        return told_norm(checkpoint, name)
    return measure(skeleton.filled(path), skeleton.d_model, name)


def told_norm(checkpoint: Checkpoint, name: str) -> Norm:
    """The norm as the config tells it."""
    kind = norm_kind(checkpoint.text_config, name.removesuffix("weight") + "bias" in checkpoint.tensors)
    gain = checkpoint.tensor(name).double()
    return Norm("rms" if kind == "rms1p" else kind, gain + 1.0 if kind == "rms1p" else gain)
