"""The MLP and the norms around it in one layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...schema import ModelError
from .checkpoint import Checkpoint
from .names import CONV1D, PARALLEL_NORMS, POST_NORMS, PRE_NORMS, ROLES, Role


@dataclass(frozen=True)
class LayerParts:
    """Tensor names of one layer. `gate` and `up` are the same tensor where they are stored fused."""

    gate: str | None
    up: str
    down: str
    fused: bool
    """gate rows first, then up rows, in one tensor"""
    transposed: bool
    """projections stored `[in, out]` (GPT-2's Conv1D)"""
    pre_norm: str | None
    post_norm: str | None
    d_mlp: int

    @property
    def gated(self) -> bool:
        return self.gate is not None

    @property
    def names(self) -> tuple[str, ...]:
        """Every tensor of the layer that enters its decoding."""
        found = (self.gate, self.up, self.down, self.pre_norm, self.post_norm)
        return tuple(sorted({name for name in found if name is not None}))


def find_layer(checkpoint: Checkpoint, root: str, tensors: Mapping[str, str], d_model: int) -> LayerParts:
    """Find the parts of the layer at `root` (such as `model.layers.3.`), given its tensors by inner name.

    Raises ModelError naming the part that is missing.
    """
    found = _projections(tensors)
    for role in ("down", "up"):
        if role not in found and not (role == "up" and "gate_up" in found):
            raise _missing(checkpoint, root, tensors, f"MLP {'output' if role == 'down' else 'input'} projection")
    fused = "gate_up" in found
    up = found["gate_up"] if fused else found["up"]
    gate = up if fused else found.get("gate")
    down = found["down"]
    transposed = _transposed(checkpoint, root, down, d_model)
    d_mlp = checkpoint.info(down).shape[0 if transposed else 1]
    for name, rows in ((up, d_mlp * (2 if fused else 1)), (gate, d_mlp * (2 if fused else 1))):
        shape = (d_model, rows) if transposed else (rows, d_model)
        if name is not None and checkpoint.info(name).shape != shape:
            raise ModelError(
                f"{checkpoint.folder}: {name} is {list(checkpoint.info(name).shape)}, expected {list(shape)}"
            )
    pre, post = layer_norms(checkpoint, root, tensors, d_model)
    return LayerParts(gate, up, down, fused, transposed, pre, post, d_mlp)


def _projections(tensors: Mapping[str, str]) -> dict[Role, str]:
    """The layer's matrices by role; attention's own c_proj and the like are passed over."""
    found: dict[Role, str] = {}
    for inner, name in tensors.items():
        *path, module, leaf = ["", *inner.split(".")]
        if leaf != "weight" or module not in ROLES or any("attn" in p or "attention" in p for p in path):
            continue
        if not any("expert" in part for part in path):
            found.setdefault(ROLES[module], name)
    return found


def _transposed(checkpoint: Checkpoint, root: str, down: str, d_model: int) -> bool:
    shape = checkpoint.info(down).shape
    if len(shape) != 2 or d_model not in shape:
        raise ModelError(
            f"{checkpoint.folder}: {down} is {list(shape)}, and the unembedding is {d_model} wide: "
            "an output projection to the residual stream was not found"
        )
    if shape[0] == shape[1]:
        return checkpoint.text_config.get("model_type") in CONV1D
    return shape[1] == d_model


def layer_norms(
    checkpoint: Checkpoint, root: str, tensors: Mapping[str, str], d_model: int
) -> tuple[str | None, str | None]:
    """The norms before and after the MLP."""

    def first(modules: tuple[str, ...]) -> str | None:
        names = [tensors[f"{module}.weight"] for module in modules if f"{module}.weight" in tensors]
        return next((name for name in names if checkpoint.info(name).shape == (d_model,)), None)

    post = first(POST_NORMS)
    if checkpoint.text_config.get("do_layer_norm_before") is False:
        # OPT-350m: the MLP reads the stream as it is, and the sum is normed after it.
        return None, first(("final_layer_norm",))
    if post is not None and not any(f"{module}.weight" in tensors for module in PRE_NORMS[:3]):
        # OLMo 2 norms only what a block writes: its post_attention_layernorm is attention's. GLM 4, whose
        # post_attention_layernorm is the MLP's, names attention's own post_self_attn_layernorm.
        pre = first(PRE_NORMS[3:]) if "post_self_attn_layernorm.weight" in tensors else None
        return pre, post
    pre = first(PRE_NORMS) or first(PARALLEL_NORMS)
    if pre is None:
        raise _missing(checkpoint, root, tensors, "norm before the MLP")
    return pre, post


def _missing(checkpoint: Checkpoint, root: str, tensors: Mapping[str, str], part: str) -> ModelError:
    why = "it holds a mixture of experts" if any("expert" in inner for inner in tensors) else "it holds"
    modules = sorted({inner.rpartition(".")[0] for inner in tensors})
    some = ", ".join(modules[:8]) + (", ..." if len(modules) > 8 else "")
    return ModelError(
        f"{checkpoint.folder}: not a dense MLP language model: no {part} found in {root.rstrip('.')} ({why}: {some})"
    )
