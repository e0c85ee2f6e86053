"""BERT's encoder on sequences of one length, as array operations that numpy and torch both have.

Devlin et al. 2019 (arXiv:1810.04805), section 3; layer norm after each residual sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = Any
"""numpy's or torch's, as the operations make them."""


@dataclass(frozen=True)
class Layer:
    """The weights of one layer, each as `[out, in]` with its bias, and its two norms as gain and bias."""

    into: tuple[Array, Array]
    """queries, keys and values, `[3 d, d]`"""
    out: tuple[Array, Array]
    attended: tuple[Array, Array]
    """the norm after attention"""
    up: tuple[Array, Array]
    down: tuple[Array, Array]
    written: tuple[Array, Array]
    """the norm after the MLP"""


class Operations(Protocol):
    """What a library of arrays does for the encoder."""

    def linear(self, x: Array, weight: tuple[Array, Array]) -> Array:
        """`x @ W.T + b` for `[*, in]`."""

    def norm(self, x: Array, weight: tuple[Array, Array], eps: float) -> Array:
        """Layer norm over the last axis, float32."""

    def gelu(self, x: Array) -> Array:
        """x times the normal distribution's share below x."""

    def attention(self, qkv: Array, heads: int) -> Array:
        """Every position looks at every one of its sequence: `[n, length, 3 d]` to `[n, length, d]`."""


def encoded(x: Array, layers: Sequence[Layer], heads: int, eps: float, ops: Operations) -> Array:
    """Hidden states float32 `[n, length, d]` of the last layer, from normed embeddings of the same shape."""
    for layer in layers:
        seen = ops.linear(ops.attention(ops.linear(x, layer.into), heads), layer.out)
        x = ops.norm(x + seen, layer.attended, eps)
        x = ops.norm(x + ops.linear(ops.gelu(ops.linear(x, layer.up)), layer.down), layer.written, eps)
    return x


class NumpyOperations:
    """float32 through numpy: what a query takes, without loading torch."""

    def linear(self, x: Array, weight: tuple[Array, Array]) -> Array:
        """As `Operations.linear`."""
        return x @ weight[0].T + weight[1]

    def norm(self, x: Array, weight: tuple[Array, Array], eps: float) -> Array:
        """As `Operations.norm`."""
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt(np.mean(centred**2, -1, keepdims=True) + np.float32(eps)) * weight[0] + weight[1]

    def gelu(self, x: Array) -> Array:
        """As `Operations.gelu`."""
        return np.float32(0.5) * x * (1 + erf(x * np.float32(0.5**0.5)))

    def attention(self, qkv: Array, heads: int) -> Array:
        """As `Operations.attention`."""
        n, length, _ = qkv.shape
        q, k, v = qkv.reshape(n, length, 3, heads, -1).transpose(2, 0, 3, 1, 4)
        scores = q @ k.swapaxes(-1, -2) / np.float32(q.shape[-1] ** 0.5)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        return (shares @ v).transpose(0, 2, 1, 3).reshape(n, length, -1)


def erf(x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The error function within 2e-7: Abramowitz and Stegun 1964, 7.1.26."""
    z = np.abs(x)
    t = np.asarray(1 / (1 + np.float32(0.3275911) * z), np.float32)
    sums = np.full_like(t, 1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        sums = sums * t + np.float32(factor)
    return np.asarray(np.copysign(1 - sums * t * np.exp(-z * z), x), np.float32)


class TorchOperations:
    """Products in float32 or bfloat16 through torch; sums of the residual stream and norms are float32 in both."""

    def linear(self, x: Array, weight: tuple[Array, Array]) -> Array:
        """As `Operations.linear`; the result has the weight's type."""
        from torch.nn.functional import linear

        return linear(x.to(weight[0].dtype), *weight)

    def norm(self, x: Array, weight: tuple[Array, Array], eps: float) -> Array:
        """As `Operations.norm`."""
        from torch.nn.functional import layer_norm

        return layer_norm(x, x.shape[-1:], *weight, eps)

    def gelu(self, x: Array) -> Array:
        """As `Operations.gelu`."""
        from torch.nn.functional import gelu

        return gelu(x)

    def attention(self, qkv: Array, heads: int) -> Array:
        """As `Operations.attention`."""
        from torch.nn.functional import scaled_dot_product_attention

        n, length, _ = qkv.shape
        q, k, v = qkv.view(n, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        return scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, length, -1)
