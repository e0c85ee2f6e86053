"""Hooks on a running model's MLPs: read any site, change any neuron."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from inspect import signature
from typing import Any

import torch
from torch import nn

from ...schema import ModelError
from .blocks import Block, Site
from .cache import cache_in, positions_in
from .expert_blocks import AnyBlock, ExpertBlock

Values = torch.Tensor
"""`[batch, positions, d_mlp]`, on the layer's device, in the model's dtype."""
Visit = Callable[[int, Site, Values], Values | None]
"""Told layer, site and values; what it returns takes their place. It must not keep the tensor it is given."""


class StopRun(Exception):
    """Ends a forward pass once the last wanted layer was read; no error."""


class Shape:
    """Batch size and first position of the forward pass that is under way: some families flatten the two axes."""

    def __init__(self) -> None:
        self.batch = 1
        self.past = 0

    def note(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A forward pre-hook of the model."""
        ids = args[0] if args else kwargs.get("input_ids")
        if ids is None:
            ids = kwargs.get("inputs_embeds")
        if ids is None:
            raise ModelError("the model was run without input_ids or inputs_embeds")
        self.batch = int(ids.shape[0])
        cache = cache_in(kwargs)
        past = 0 if cache is None else positions_in(cache)
        if past is None:
            raise ModelError(
                f"{type(module).__name__}: its {type(cache).__name__} does not say how many positions it holds, so "
                "that no neuron can be changed in what follows; run the whole text with use_cache=False"
            )
        self.past = past


@contextmanager
def hooked(
    roots: Sequence[nn.Module],
    blocks: Sequence[AnyBlock],
    wanted: Mapping[int, Sequence[Site]],
    visit: Callable[[Shape], Visit],
) -> Iterator[None]:
    """Run `visit` at the `wanted` sites (layer -> sites) of every forward pass of one of the `roots` inside the block.

    Leaving it takes the hooks away, also after an exception.
    """
    shape = Shape()
    told = visit(shape)
    with ExitStack() as stack:
        for root in roots:
            stack.callback(root.register_forward_pre_hook(shape.note, with_kwargs=True).remove)
        for layer, sites in wanted.items():
            for site in sites:
                stack.callback(_hook(blocks[layer], layer, site, shape, told).remove)
        yield


@contextmanager
def only_at(block: Block, places: torch.Tensor, batch: int) -> Iterator[None]:
    """Inside it an MLP is run at some places only, `[n, 2]`: which text of the batch, and which token. Its sites are
    `[n, 1, d_mlp]`. The layer cannot be run to its end."""

    def before(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        text, token = places.T
        return args[0].reshape(batch, -1, args[0].shape[-1])[text, token][:, None], *args[1:]

    hooks = [module.register_forward_pre_hook(before) for module in {block.gate, block.up} if module is not None]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _hook(block: AnyBlock, layer: int, site: Site, shape: Shape, visit: Visit) -> Any:
    if isinstance(block, ExpertBlock):
        return _hook_expert(block, layer, site, shape, visit)
    if site == "hidden":

        def before(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
            changed = _told(visit, layer, site, args[0], shape)
            return None if changed is None else (changed, *args[1:])

        return block.out.register_forward_pre_hook(before)
    if site not in block.sites:
        raise ModelError(f"layer {layer} has no {site!r} site; it has {', '.join(block.sites)}")
    module = block.gate if site == "gate" else block.up
    assert module is not None
    part = slice(None)
    if block.fused:
        part = slice(0, block.d_mlp) if site == "gate" else slice(block.d_mlp, None)

    def after(module: nn.Module, args: tuple[Any, ...], output: torch.Tensor) -> torch.Tensor | None:
        changed = _told(visit, layer, site, output[..., part], shape)
        if changed is None:
            return None
        whole = output.clone()
        whole[..., part] = changed
        return whole

    return module.register_forward_hook(after)


def _hook_expert(block: ExpertBlock, layer: int, site: Site, shape: Shape, visit: Visit) -> Any:
    """Values are worked out beside the module, on the tokens that reach the expert, and are NaN elsewhere; a change is
    added to what the module wrote, weighed as the router does."""
    if site not in block.sites:
        raise ModelError(f"an expert has no {site!r} site; it has {', '.join(block.sites)}")

    takes = signature(block.module.forward)

    def after(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: torch.Tensor) -> Any:
        given = tuple(takes.bind(*args, **kwargs).arguments.values())
        if any(part.ndim != 2 for part in given):
            raise ModelError(f"{type(module).__name__} is not handed tokens end to end; its experts cannot be read")
        routed = block.routed(given)
        hidden = block.hidden(routed.states)
        if not bool(hidden.isfinite().all()):
            raise ModelError("an expert has values that are not finite; run with --dtype float32")
        tokens = given[0].shape[0] // (block.experts if block.scaled else 1)
        whole = torch.full((tokens, block.d_mlp), torch.nan, dtype=hidden.dtype, device=hidden.device)
        whole[routed.rows] = hidden
        changed = _told(visit, layer, site, whole, shape)
        return None if changed is None else block.change(output, routed, changed[routed.rows] - hidden)

    return block.module.register_forward_hook(after, with_kwargs=True)


def _told(visit: Visit, layer: int, site: Site, values: torch.Tensor, shape: Shape) -> torch.Tensor | None:
    """Hand the values on with three axes; the result in the axes they came with."""
    whole = values if values.ndim == 3 else values.reshape(shape.batch, -1, values.shape[-1])
    changed = visit(layer, site, whole)
    return None if changed is None else changed.reshape(values.shape)
