"""What determines a neuron's result: of a whole run, and of one layer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...schema import digest
from ..subject.architecture import Architecture
from ..subject.checkpoint import Checkpoint
from ..subject.experts import MlpParts
from ..subject.layer_weights import read_norm, told_norm
from ..subject.vocabulary import Vocabulary
from .settings import MASK, METHOD, Settings


def run_identity(
    weights: str, vocabulary: Vocabulary, settings: Settings, norms: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The parameters of a run: hashes of weights and vocabulary, and the settings that change results; of folded
    rows `norms` too, as `measured_norms` gives them."""
    return {
        "weights": weights,
        **vocabulary.identity,
        "convention": settings.convention,
        "k": settings.k,
        "mask": "none" if settings.all_tokens else MASK,
        "statistics": settings.statistics,
        "method": METHOD,
        **(norms or {}),
    }


def mask_digest(vocabulary: Vocabulary, settings: Settings) -> str:
    """Of the ranked token ids and what they write (`distinct` depends on it)."""
    whole = hashlib.sha256()
    ranked = np.flatnonzero(ranked_tokens(vocabulary, settings))
    whole.update(ranked.astype("<i8").tobytes())
    for i in ranked:
        whole.update(vocabulary.texts[i].encode("utf-8", "surrogatepass") + b"\0")
    return whole.hexdigest()


def ranked_tokens(vocabulary: Vocabulary, settings: Settings) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Bool `[d_vocab]`: the tokens that are ranked; with `all_tokens` every row of the unembedding."""
    return np.ones(len(vocabulary), np.bool_) if settings.all_tokens else vocabulary.ordinary


def layer_identity(
    checkpoint: Checkpoint, architecture: Architecture, mlp: MlpParts, mask: str, settings: Settings
) -> str:
    """Hex sha256 of everything that enters one MLP's decoding: rows, gains, final norm, unembedding, token
    mask (see `mask_digest`), convention, k and method. MLPs of two models with the same identity decode to the
    same result."""
    parts = mlp.parts
    final = architecture.final_norm
    norms = (parts.pre_norm, parts.post_norm, final) if settings.convention == "folded" else ()

    def of(name: str | None) -> list[Any] | None:
        if name is None:
            return None
        if name not in checkpoint.tensors:  # a norm without a weight
            return [name]
        info = checkpoint.info(name)
        return [info.dtype, list(info.shape), checkpoint.digest(name)]

    config = checkpoint.text_config
    expert = {} if mlp.slot is None else {"slot": mlp.slot, "interleaved": mlp.interleaved}
    kinds = [config.get("model_type"), "rms_norm_eps" in config, architecture.final_norm is not None]
    return digest(
        {
            "rows": [of(parts.gate), of(parts.up), of(parts.down), parts.fused, parts.transposed],
            "norms": [of(name) for name in norms],
            "norm_kinds": kinds if norms else None,
            "unembedding": of(architecture.unembedding),
            "mask": mask,
            "convention": settings.convention,
            "k": settings.k,
            "statistics": settings.statistics,
            "method": METHOD,
            **expert,
            **(measured_norms(checkpoint, [name for name in norms if name]) if norms else {}),
        }
    )


def measured_norms(checkpoint: Checkpoint, names: Sequence[str]) -> dict[str, Any]:
    """What norms do, where the config tells another thing: decoded by what it tells, their neurons were wrong."""
    found = []
    for name in names:
        norm = read_norm(checkpoint, name)
        told = told_norm(checkpoint, name) if name in checkpoint.tensors else None
        if norm is not None and (told is None or told.kind != norm.kind or not bool((told.gain == norm.gain).all())):
            found.append([norm.kind, hashlib.sha256(norm.gain.numpy().tobytes()).hexdigest()])
    return {"measured_norms": found} if found else {}
