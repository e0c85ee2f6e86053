"""Mixtures of experts: the MLPs of each layer, found among the tensors as lists or as stacks of experts."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...schema import SHARED, MlpId, ModelError
from .checkpoint import Checkpoint
from .layer_parts import LayerParts, find_layer, layer_norms
from .layer_weights import LayerWeights, read_norm
from .names import ROLES, Role

if TYPE_CHECKING:
    import torch

    from .architecture import Architecture

_LISTED = re.compile(r"(?:.*\.)?experts\.(?P<expert>[0-9]{1,9})\.(?P<module>\w+)\.weight")
_SHARED = re.compile(r"(?:.*\.)?(?:shared_experts?|shared_mlp|share_expert)\.(?P<module>\w+)\.weight")
EXPERTS = re.compile(r"(^|\.)(experts|block_sparse_moe|moe)\.")
"""What names of tensors have in a mixture of experts."""
_ROUTER = re.compile(r"(?P<module>(?:.*\.)?(?:gate|router|wg|router\.layer|gate\.wg))\.weight")
STACKED: dict[str, Role] = {**ROLES, "input_linear": "gate_up", "output_linear": "down"}
"""Names within a layer's experts -> what it is: the dense families' and Granite's."""
INTERLEAVED = ("gpt_oss",)
"""Model types whose stacks hold gate and up rows in turn; all others hold gate rows first, then up rows."""


@dataclass(frozen=True)
class MlpParts:
    """Where one MLP lies."""

    at: MlpId
    parts: LayerParts
    """tensor names, norms and width"""
    slot: int | None = None
    """the expert's place in tensors that hold all experts of the layer, `[experts, ...]`"""
    interleaved: bool = False
    """gate and up rows in turn, where they are fused"""

    @property
    def d_mlp(self) -> int:
        """Its neurons."""
        return self.parts.d_mlp


@dataclass(frozen=True)
class Router:
    """The matrix whose rows choose a layer's experts."""

    layer: int
    weight: str
    """`[experts, d_model]`"""
    pre_norm: str | None
    """what it reads through, as the experts do"""


@dataclass(frozen=True)
class Mixture:
    """The MLPs of a model some of whose layers hold experts."""

    mlps: tuple[MlpParts, ...]
    """by layer; the shared expert before the others"""
    routers: tuple[Router, ...]
    n_experts: int
    """that a router chooses among"""
    d_expert: int
    """neurons of each of them"""

    def reading(self, norms: Mapping[int, str]) -> Mixture:
        """The same with these norms, by layer, before its MLPs."""

        def normed(mlp: MlpParts) -> MlpParts:
            pre = norms.get(mlp.at.layer, mlp.parts.pre_norm)
            return replace(mlp, parts=replace(mlp.parts, pre_norm=pre))

        routers = (replace(each, pre_norm=norms.get(each.layer, each.pre_norm)) for each in self.routers)
        return replace(self, mlps=tuple(map(normed, self.mlps)), routers=tuple(routers))


def find_mixture(
    checkpoint: Checkpoint, root: str, layers: Mapping[int, Mapping[str, str]], d_model: int
) -> Mixture | None:
    """The MLPs of a model with experts; None for a dense one. `layers` are tensors by inner name, by layer.

    Raises ModelError that says what was found and not understood.
    """
    if not any(EXPERTS.search(inner) for tensors in layers.values() for inner in tensors):
        return None
    mlps: list[MlpParts] = []
    routers: list[Router] = []
    for layer in sorted(layers):
        where, tensors = f"{root}{layer}.", layers[layer]
        if not any(EXPERTS.search(inner) for inner in tensors):
            mlps.append(MlpParts(MlpId(layer), find_layer(checkpoint, where, tensors, d_model)))
            continue
        found = _Layer(checkpoint, where, layer, tensors, d_model)
        experts = found.routed()
        mlps += [*found.shared(), *experts]
        routers.append(found.router(len(experts)))
    routed = [mlp for mlp in mlps if mlp.at.expert not in (None, SHARED)]
    sizes, widths = set(Counter(mlp.at.layer for mlp in routed).values()), {mlp.d_mlp for mlp in routed}
    if len(sizes) != 1 or len(widths) != 1:
        raise ModelError(
            f"{checkpoint.folder}: its layers have {sorted(sizes)} experts of {sorted(widths)} neurons; expected "
            "as many experts in each, of one width"
        )
    return Mixture(tuple(mlps), tuple(routers), sizes.pop(), widths.pop())


@dataclass(frozen=True)
class _Layer:
    """One layer that holds experts."""

    checkpoint: Checkpoint
    root: str
    layer: int
    tensors: Mapping[str, str]
    """by name within the layer"""
    d_model: int

    def routed(self) -> list[MlpParts]:
        """The experts, by number. Raises ModelError."""
        self._alone()
        listed: dict[int, dict[Role, str]] = defaultdict(dict)
        stacked: dict[Role, str] = {}
        for inner, name in self.tensors.items():
            if match := _LISTED.fullmatch(inner):
                self._role(listed[int(match["expert"])], match["module"], name, inner)
            elif EXPERTS.search(inner) and len(self.checkpoint.tensors[name].shape) > 2:
                self._role(stacked, inner.removesuffix(".weight").rpartition(".")[2], name, inner)
        if bool(listed) == bool(stacked):
            raise self._unknown("experts stored as a list or as stacks", [i for i in self.tensors if "expert" in i])
        return self._stacks(stacked) if stacked else self._list(listed)

    def shared(self) -> list[MlpParts]:
        """The expert that every token reaches, where there is one."""
        found: dict[Role, str] = {}
        for inner, name in self.tensors.items():
            if match := _SHARED.fullmatch(inner):
                self._role(found, match["module"], name, inner)
        if not found:
            return []
        return [MlpParts(MlpId(self.layer, SHARED), self._matrices(found))]

    def router(self, experts: int) -> Router:
        """The one matrix with a row an expert. Raises ModelError."""
        found = {
            match["module"]: name
            for inner, name in self.tensors.items()
            if (match := _ROUTER.fullmatch(inner)) and self.checkpoint.tensors[name].shape == (experts, self.d_model)
        }
        if len(found) != 1:
            raise self._unknown(f"router of {experts} rows", [i for i in self.tensors if "gate" in i or "router" in i])
        ((module, name),) = found.items()
        for inner, other in self.tensors.items():
            shape = self.checkpoint.tensors[other].shape
            if inner.startswith(f"{module}.") and other != name and shape != (experts,):
                raise self._unknown("router of a matrix alone", [inner])
        self.checkpoint.info(name)
        return Router(self.layer, name, layer_norms(self.checkpoint, self.root, self.tensors, self.d_model)[0])

    def _alone(self) -> None:
        """Raise ModelError for an MLP beside the experts that is not known to be a shared expert."""
        beside = [
            inner
            for inner in self.tensors
            if inner.endswith(".weight")
            and not any("attn" in part or "attention" in part for part in inner.split("."))
            and not EXPERTS.search(inner)
            and not _SHARED.fullmatch(inner)
            and ROLES.get(inner.split(".")[-2]) is not None
        ]
        if beside:
            raise self._unknown("mixture without an MLP beside its experts", beside)

    def _role(self, into: dict[Role, str], module: str, name: str, inner: str) -> None:
        self.checkpoint.info(name)
        role = STACKED.get(module)
        if role is None or role in into:
            raise self._unknown("experts of gate, up and down projections", [inner])
        into[role] = name

    def _list(self, listed: Mapping[int, dict[Role, str]]) -> list[MlpParts]:
        if sorted(listed) != list(range(len(listed))):
            raise self._unknown("experts numbered from 0 on", [str(number) for number in sorted(listed)])
        return [MlpParts(MlpId(self.layer, e), self._matrices(listed[e])) for e in sorted(listed)]

    def _matrices(self, found: Mapping[Role, str]) -> LayerParts:
        """Of an expert with matrices of its own, `[out, in]`."""
        fused = "gate_up" in found
        down, up = found.get("down"), found.get("gate_up") or found.get("up")
        if down is None or up is None or (fused and len(found) != 2):
            raise self._unknown("input and output projection of each expert", list(found.values()))
        gate = up if fused else found.get("gate")
        d_mlp = self._info(down)[-1]
        for name in dict.fromkeys((up, gate)):
            if name is not None:
                self._fits(name, (d_mlp * (2 if fused else 1), self.d_model))
        self._fits(down, (self.d_model, d_mlp))
        return self._parts(gate, up, down, fused, False, d_mlp)

    def _stacks(self, found: Mapping[Role, str]) -> list[MlpParts]:
        """Of experts that share tensors `[experts, out, in]`, or `[experts, in, out]` where they are transposed."""
        fused = "gate_up" in found
        down, up = found.get("down"), found.get("gate_up") or found.get("up")
        if down is None or up is None or (fused and len(found) != 2):
            raise self._unknown("stacks of input and output projections", list(found.values()))
        experts, rows, columns = self._three(down)
        transposed = self._transposed(down, up)
        d_mlp = rows if transposed else columns
        gate = up if fused else found.get("gate")
        wide = d_mlp * (2 if fused else 1)
        for name in dict.fromkeys((up, gate)):
            if name is not None:
                self._fits(name, (experts, self.d_model, wide) if transposed else (experts, wide, self.d_model))
        self._fits(down, (experts, d_mlp, self.d_model) if transposed else (experts, self.d_model, d_mlp))
        interleaved = fused and self.checkpoint.text_config.get("model_type") in INTERLEAVED
        if fused and not interleaved and f"{up}_bias" in self.checkpoint.tensors:
            raise self._unknown("known order of gate and up rows", [f"{up}_bias"])
        parts = self._parts(gate, up, down, fused, transposed, d_mlp)
        return [MlpParts(MlpId(self.layer, e), parts, e, interleaved) for e in range(experts)]

    def _transposed(self, down: str, up: str) -> bool:
        _, rows, columns = self._three(down)
        if rows != columns:
            return columns == self.d_model
        # As many neurons as the stream is wide: the fused input projection, twice as wide, says which way it lies.
        _, rows, columns = self._three(up)
        if rows == columns:
            raise self._unknown(f"stack that is not square ({rows} neurons, stream of {self.d_model})", [down])
        return rows == self.d_model

    def _parts(self, gate: str | None, up: str, down: str, fused: bool, transposed: bool, d_mlp: int) -> LayerParts:
        pre, post = layer_norms(self.checkpoint, self.root, self.tensors, self.d_model)
        return LayerParts(gate, up, down, fused, transposed, pre, post, d_mlp)

    def _info(self, name: str) -> tuple[int, ...]:
        return self.checkpoint.info(name).shape

    def _three(self, name: str) -> tuple[int, int, int]:
        shape = self._info(name)
        if len(shape) != 3:
            raise self._unknown("stacks of three axes", [f"{name} {list(shape)}"])
        return shape[0], shape[1], shape[2]

    def _fits(self, name: str, shape: tuple[int, ...]) -> None:
        if self._info(name) != shape:
            raise ModelError(f"{self.checkpoint.folder}: {name} is {list(self._info(name))}, expected {list(shape)}")

    def _unknown(self, expected: str, found: Sequence[str]) -> ModelError:
        some = ", ".join(sorted(found)[:6]) + (", ..." if len(found) > 6 else "") if found else "nothing like it"
        return ModelError(
            f"{self.checkpoint.folder}: a mixture of experts that is not understood: expected a {expected} in "
            f"{self.root.rstrip('.')}, found {some}"
        )


def read_mlp(checkpoint: Checkpoint, architecture: Architecture, mlp: MlpParts) -> LayerWeights:
    """Read one MLP: its rows and the three norms. Raises ModelError."""
    return LayerWeights(
        mlp.at.layer,
        mlp_rows(checkpoint, mlp),
        read_norm(checkpoint, mlp.parts.pre_norm),
        read_norm(checkpoint, mlp.parts.post_norm),
        read_norm(checkpoint, architecture.final_norm),
    )


def mlp_rows(checkpoint: Checkpoint, mlp: MlpParts) -> dict[str, torch.Tensor]:
    """Its gate, up and down rows as in LayerWeights; of stacked experts its own alone are read. Raises ModelError."""
    parts = mlp.parts

    def matrix(name: str) -> torch.Tensor:
        whole = checkpoint.tensor(name) if mlp.slot is None else checkpoint.rows(name, mlp.slot, mlp.slot + 1)[0]
        return whole.T if parts.transposed else whole

    rows: dict[str, torch.Tensor] = {}
    up = matrix(parts.up)
    if parts.fused:
        rows["gate"], up = (up[0::2], up[1::2]) if mlp.interleaved else up.chunk(2, dim=0)
    elif parts.gate is not None:
        rows["gate"] = matrix(parts.gate)
    rows |= {"up": up, "down": matrix(parts.down).T}
    return {name: value.contiguous() for name, value in rows.items()}


def some_mlps(architecture: Architecture, layers: Iterable[int], experts: Sequence[int] | None) -> tuple[MlpParts, ...]:
    """The MLPs of some layers, in the order of `layers`. `experts` are the ones wanted of those that a router chooses
    among, all unless given.

    Raises ModelError for experts of a dense model, and for a number that no layer or expert has.
    """
    mixture = architecture.mixture
    if experts is not None and mixture is None:
        raise ModelError(f"{architecture.name} is a dense model: it has no experts to choose from")
    wanted = list(layers)
    for layer in wanted:
        if not 0 <= layer < architecture.n_layers:
            raise ModelError(f"no layer {layer!r}: the model has layers 0 to {architecture.n_layers - 1}")
    for expert in experts or ():
        if mixture is not None and not 0 <= expert < mixture.n_experts:
            raise ModelError(f"no expert {expert!r}: the model has experts 0 to {mixture.n_experts - 1}")
    held: dict[int, list[MlpParts]] = defaultdict(list)
    for mlp in architecture.mlps:
        if experts is None or mlp.at.expert in (None, SHARED) or mlp.at.expert in experts:
            held[mlp.at.layer].append(mlp)
    return tuple(mlp for layer in wanted for mlp in held[layer])
