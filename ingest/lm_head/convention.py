"""From a weight row to the row that meets the unembedding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..subject.layer_weights import LayerWeights
from .settings import Convention

if TYPE_CHECKING:
    import torch


def decoded_rows(weights: LayerWeights, projection: str, convention: Convention) -> torch.Tensor:
    """The rows that are decoded: float64 `[d_mlp, d_model]`; a token's logit is row . unembedding row.

    `raw` takes the stored row or column as it is (variants V1, V2 and V3; Davies 2025, arXiv 2501.02688, decodes
    raw up rows). `folded` takes what the neuron is joined to the residual stream by:

    - gate and up read the stream through the norm before the MLP, so its gain is folded in: `g_pre * w` (V5).
    - down is written through the norm after the MLP where there is one (Gemma 2 and 3), then read through the
      final norm by the unembedding: `g_final * g_post * w` (V4).

    Gemma's gains are 1 + weight. Each LayerNorm also centres: of a row read through it, `g * w` is centred, of a
    column that enters it, `w` is centred before the gain. All of it is linear and acts on the row, so the
    unembedding stays as stored. Left out are the scale of the norms, which depends on the token, and what is no
    part of the neuron: LayerNorm's bias (through the unembedding or the row it is one constant vector for all
    neurons, or one constant for all tokens) and the unembedding's own bias.
    """
    rows = weights.rows[projection].double()
    if convention == "raw":
        return rows
    if projection != "down":
        return rows if weights.pre_norm is None else weights.pre_norm.read_side(rows)
    for norm in (weights.post_norm, weights.final_norm):
        if norm is not None:
            rows = norm.write_side(rows)
    return rows
