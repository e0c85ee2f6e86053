"""Norms told by what they do to numbers, whatever their names and their ways of storing a gain."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from ...schema import ModelError
from .norm import Kind, Norm

ROWS = 8
LARGE = 100.0
"""Size of the numbers pushed through: what a norm adds to the variance vanishes beside it."""
WITHIN = 1e-4
"""How far a norm may lie from its form, of its largest output: several compute in float32 whatever they are given."""


def measure(module: nn.Module, d_model: int, name: str) -> Norm:
    """What a module with its weights, in float64, does to random numbers `[rows, d_model]`.

    For x and -x a norm writes `g * h(x) + b` and `-g * h(x) + b`, with h its input over the root mean square, or that
    of the centred input. Half the difference is `g * h(x)`, from which g follows by least squares over the rows; where
    the stored weight, or 1 + weight, is as near, that is taken, as it is exact. Raises ModelError where neither form
    fits.
    """
    draw = torch.Generator().manual_seed(0)
    x = LARGE * (torch.randn(ROWS, d_model, generator=draw, dtype=torch.float64) + 0.5)
    try:
        with torch.no_grad():
            odd = (module(x).double() - module(-x).double()) / 2
    except Exception as error:
        raise ModelError(f"{name} cannot be run alone, so that what it does is not known ({error})") from None
    kinds: tuple[tuple[Kind, torch.Tensor], ...] = (("rms", x), ("layer", x - x.mean(-1, keepdim=True)))
    for kind, shown in kinds:
        h = shown / shown.pow(2).mean(-1, keepdim=True).sqrt()
        if odd.shape != h.shape:
            break
        for gain in (*_stored(module, d_model), (odd * h).sum(0) / (h * h).sum(0)):
            if bool((odd - gain * h).abs().max() <= WITHIN * odd.abs().max()):
                return Norm(kind, gain)
    raise ModelError(f"{name} is no norm that is known here: expected RMSNorm or LayerNorm, times a gain")


def _stored(module: nn.Module, d_model: int) -> Iterator[torch.Tensor]:
    weights = [weight.detach().double() for weight in module.parameters() if weight.shape == (d_model,)]
    for weight in weights:
        yield weight
        yield weight + 1.0
    if not weights:
        yield torch.ones(d_model, dtype=torch.float64)
