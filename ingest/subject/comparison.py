"""Does a running model compute what its files are read as? Seen on what goes into and comes out of its modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from ...schema import ModelError
from .architecture import Architecture
from .blocks import Block
from .expert_blocks import ExpertBlock
from .experts import MlpParts
from .layer_weights import LayerWeights
from .norm import Norm

Reader = Callable[[MlpParts], LayerWeights]
EXACT, COARSE = 1e-4, 0.05
"""How far a product may lie from the running model's own, of the largest: in 32 or 64 bits, and in 16."""
SMALL = 0.01
"""How far a neuron may be from a straight line in its up value, beside how bent it is in its gate value."""


@dataclass(frozen=True)
class Seen:
    """One call of a module."""

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    out: torch.Tensor

    @property
    def x(self) -> torch.Tensor:
        """What it read, float64 `[tokens, width]`."""
        return flat(self.args[0])

    @property
    def y(self) -> torch.Tensor:
        """What it wrote."""
        return flat(self.out)


@dataclass
class Comparison:
    """What the modules were seen to do, beside what the reader makes of the files. Each check raises ModelError that
    names the part that differs."""

    architecture: Architecture
    read: Reader
    largest: float = 0.0
    """the largest difference so far, of the largest value"""
    _seen: Mapping[nn.Module, Seen] = field(default_factory=dict)
    _within: float = EXACT
    _final_norm: Norm | None = None
    """of the layer that was read last; all layers have the same"""
    _where: str = ""

    def watch(self, seen: Mapping[nn.Module, Seen]) -> None:
        """What is compared from now on."""
        self._seen = seen
        self._within = COARSE if any(call.out.dtype.itemsize < 4 for call in seen.values()) else EXACT

    def layer(
        self,
        mlp: MlpParts,
        block: Block,
        pre: nn.Module | None,
        post: nn.Module | None,
        parent: nn.Module | None,
    ) -> None:
        """A dense MLP. `parent` holds it, and is run again with its modules' outputs changed; None where that cannot
        be."""
        weights = self._read(mlp, f"layer {mlp.at.layer}")
        both = self._seen[block.up].y
        values = {"up": both[:, -mlp.d_mlp :]}
        if block.gate is not None:
            values["gate"] = self._seen[block.gate].y[:, : mlp.d_mlp]
        self._projections(weights, values, self._seen[block.up].x, pre)
        self._off(self._seen[block.out].y, self._seen[block.out].x, weights.rows["down"].T, "down columns")
        self._norm(post, weights.post_norm, "norm after the MLP")
        if block.gate is not None and parent is not None:
            self._gated(block, mlp.d_mlp, parent)

    def expert(self, mlp: MlpParts, block: ExpertBlock, pre: nn.Module | None, post: nn.Module | None) -> None:
        """One expert of a mixture, on all tokens, whatever the router does with them."""
        weights = self._read(mlp, f"layer {mlp.at.layer}, expert {mlp.at.expert}")
        states = flat(self._seen[block.module].args[0]) if pre is None else self._seen[pre].y
        given = states.to(block.dtype)
        before = block.before(given)
        values = {name: before[:, rows].double() for name, rows in block.places(mlp.interleaved).items()}
        self._projections(weights, values, states, pre)
        hidden = block.after(before)
        self._off(block.written(hidden).double(), hidden.double(), weights.rows["down"].T, "down columns")
        self._norm(post, weights.post_norm, "norm after the MLP")
        if block.gated and mlp.at.expert == 0:  # all experts of a layer lie alike
            drawn = _drawn(before)
            places = block.places(mlp.interleaved)

            def value(part: str | None, step: float) -> torch.Tensor:
                moved = drawn.clone()
                if part is not None:
                    moved[:, places[part]] += step
                return block.after(moved)

            self._straight(value)

    def router(self, layer: int, rows: torch.Tensor, weight: torch.Tensor) -> None:
        """The matrix that is decoded as a layer's router, beside the running one's."""
        self._where = f"layer {layer}"
        if rows.shape != weight.shape or not torch.equal(rows.to(weight.dtype), weight):
            raise self.fault("router's rows are not those of the running model's")

    def final(self, norm: nn.Module | None, head: nn.Module, rows: torch.Tensor, ids: torch.Tensor) -> None:
        """The norm before the unembedding, as the layer read last has it, and `rows` of this, those of the tokens
        `ids`."""
        self._where = "behind the last layer"
        self._norm(norm, self._final_norm, "final norm")
        self._off(self._seen[head].y[:, ids], self._seen[head].x, rows, "unembedding's rows")

    def _read(self, mlp: MlpParts, where: str) -> LayerWeights:
        weights, self._where = self.read(mlp), where
        self._final_norm = weights.final_norm
        return weights

    def _projections(
        self, weights: LayerWeights, values: Mapping[str, torch.Tensor], x: torch.Tensor, pre: nn.Module | None
    ) -> None:
        if (pre is None) != (weights.pre_norm is None):
            raise self.fault("MLP reads through a norm in the one and not in the other")
        if values.keys() != weights.rows.keys() - {"down"}:
            raise self.fault(f"MLP has {', '.join(values)}, the reader finds {', '.join(weights.rows)}")
        for projection, value in values.items():
            rows = weights.rows[projection].double()
            if pre is not None and weights.pre_norm is not None:
                stream = self._seen[pre].x
                read = stream / scale(stream, weights.pre_norm, pre)
                self._off(value, read, weights.pre_norm.read_side(rows), f"{projection} rows")
            else:
                self._off(value, x, rows, f"{projection} rows")

    def _norm(self, module: nn.Module | None, norm: Norm | None, name: str) -> None:
        if (module is None) != (norm is None):
            raise self.fault(f"{name} is {'not ' if module is None else ''}in the running model")
        if module is not None and norm is not None:
            x, y = self._seen[module].x, self._seen[module].y
            self._near(y - norm.write_side(x) / scale(x, norm, module), y, name)

    def _gated(self, block: Block, d_mlp: int, parent: nn.Module) -> None:
        assert block.gate is not None
        places = {"up": (block.up, slice(-d_mlp, None)), "gate": (block.gate, slice(None, d_mlp))}

        def value(part: str | None, step: float) -> torch.Tensor:
            return _hidden(block, parent, self._seen[parent], None if part is None else (*places[part], step))

        self._straight(value)

    def _straight(self, value: Callable[[str | None, float], torch.Tensor]) -> None:
        """A neuron is a line in its up value; only in its gate value does it bend. `value` gives the neurons' values
        with a step added to a part, all on the same random numbers."""
        still = value(None, 0.0)
        up, gate = (float((value(part, 1.0) + value(part, -1.0) - 2 * still).abs().mean()) for part in ("up", "gate"))
        if up > SMALL * gate + EXACT * float(still.abs().mean()):
            raise self.fault("gate and up rows are exchanged: the neurons bend in what is read as their up value")

    def _off(self, value: torch.Tensor, x: torch.Tensor, rows: torch.Tensor, name: str) -> None:
        shape = (value.shape[1], x.shape[1])
        if rows.shape != shape:
            raise self.fault(f"{name} are read as {list(rows.shape)}, and the running model has {list(shape)}")
        self._near(value - x @ rows.double().T, value, name)

    def _near(self, left: torch.Tensor, of: torch.Tensor, name: str) -> None:
        """What is left must be one vector for all tokens, which holds the biases."""
        far = float((left - left.mean(0)).abs().max() / of.abs().max().clamp_min(1e-30))
        self.largest = max(self.largest, far)
        if not far <= self._within:
            raise self.fault(f"{name} are off by {far:.2g} of the largest value")

    def fault(self, what: str) -> ModelError:
        """An error that says what differs."""
        where = f"{self._where}: " if self._where else ""
        return ModelError(
            f"{self.architecture.name}: its files are not read as the running model computes: {where}{what}; "
            "please report this family (docs/families.md)"
        )


@contextmanager
def watched(modules: Iterable[nn.Module], seen: dict[nn.Module, Seen], copied: bool = True) -> Iterator[None]:
    """Keep the last call of each module in `seen`, in the order of the calls; `copied`, for some models go on to change
    what a module wrote."""

    def keep(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> None:
        first = out[0] if isinstance(out, tuple) else out
        seen.pop(module, None)
        if copied:
            args, first = tuple(a.clone() if isinstance(a, torch.Tensor) else a for a in args), first.clone()
        seen[module] = Seen(args, kwargs, first)

    with ExitStack() as stack:
        for module in dict.fromkeys(modules):
            handle = module.register_forward_hook(keep, with_kwargs=True)
            stack.callback(handle.remove)
        yield


def flat(values: torch.Tensor) -> torch.Tensor:
    """`[..., width]` as float64 `[tokens, width]`."""
    return values.detach().reshape(-1, values.shape[-1]).double()


def scale(x: torch.Tensor, norm: Norm, module: nn.Module) -> torch.Tensor:
    """What a norm divides by, `[tokens, 1]`; `module` knows what it adds to the variance."""
    centred = x - x.mean(-1, keepdim=True) if norm.kind == "layer" else x
    return (centred.square().mean(-1, keepdim=True) + _epsilon(module)).sqrt()


def _epsilon(module: nn.Module) -> float:
    named = (value for name, value in vars(module).items() if "eps" in name and isinstance(value, float))
    return next(named, 0.0)


def _drawn(like: torch.Tensor) -> torch.Tensor:
    """Random numbers about 1 large, where activations bend and nothing is cut off."""
    draw = torch.Generator().manual_seed(0)
    return torch.randn(like.shape, generator=draw, dtype=torch.float64).to(like.device, like.dtype)


def _hidden(block: Block, parent: nn.Module, call: Seen, moved: tuple[nn.Module, slice, float] | None) -> torch.Tensor:
    """The neurons' values where gate and up projections write random numbers, before a norm of the values; something
    is added to some columns of what one of them writes."""
    seen: dict[nn.Module, Seen] = {}

    def write(module: nn.Module, args: tuple[Any, ...], out: torch.Tensor) -> torch.Tensor:
        drawn = _drawn(out)
        if moved is not None and module is moved[0]:
            drawn[..., moved[1]] += moved[2]
        return drawn

    with ExitStack() as stack:
        for module in {block.up, block.gate or block.up}:
            handle = module.register_forward_hook(write)
            stack.callback(handle.remove)
        with watched(parent.modules(), seen, copied=False):
            parent(*call.args, **call.kwargs)
    values = seen[block.out].args[0]
    for module, inner in seen.items():
        weight = getattr(module, "weight", None)
        if inner.out is values and isinstance(weight, torch.Tensor) and weight.ndim == 1:
            values = inner.args[0]  # BitNet norms the neurons of a layer together
    return flat(values)
