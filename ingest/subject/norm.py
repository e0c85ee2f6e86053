"""A normalisation layer as what it does to a weight row: a gain, and for LayerNorm the centring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

Kind = Literal["rms", "rms1p", "layer"]
"""rms: x / rms(x) * w; rms1p: x / rms(x) * (1 + w); layer: (x - mean x) / std(x) * w + b."""

ONE_PLUS = ("gemma", "gemma2", "gemma3", "gemma3_text", "recurrent_gemma")
"""Model types whose RMSNorm multiplies by 1 + weight."""


@dataclass(frozen=True)
class Norm:
    """One norm with its gain read: float64 `[d_model]`, the 1 of `rms1p` already added."""

    kind: Kind
    gain: torch.Tensor

    def read_side(self, rows: torch.Tensor) -> torch.Tensor:
        """Rows that read the normed stream, as rows that read the stream itself.

        `w . norm(x) = (P(g * w)) . x / s(x) + const`, with P the centring of LayerNorm (P = 1 for RMSNorm).
        LayerNorm's bias adds `w . b`, the same for every token, and is left out. `rows` and the result:
        float64 `[n, d_model]`.
        """
        return self._centred(rows * self.gain)

    def write_side(self, rows: torch.Tensor) -> torch.Tensor:
        """Columns written before the norm, as what leaves it: `norm(w) * s(w) - b = g * P(w)`.

        The scale `1 / s` and LayerNorm's bias are left out: neither belongs to the neuron.
        """
        return self._centred(rows) * self.gain

    def _centred(self, rows: torch.Tensor) -> torch.Tensor:
        return rows - rows.mean(-1, keepdim=True) if self.kind == "layer" else rows


def norm_kind(config: Mapping[str, Any], has_bias: bool) -> Kind:
    """Which kind the norms of a model are.

    A stored bias makes it LayerNorm; else a config that speaks of `rms_norm_eps` makes it RMSNorm, in Gemma's
    form for Gemma's model types; else it is a LayerNorm without bias (Cohere).
    """
    if has_bias or "rms_norm_eps" not in config:
        return "layer"
    return "rms1p" if config.get("model_type") in ONE_PLUS else "rms"
