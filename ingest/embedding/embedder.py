"""A sentence-embedding model, opened once and asked for many texts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ...schema import ModelError
from ..job import Progress, silent
from .folder import PIP, check, fingerprint, locate

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

VARIABLE = "NEURONKB_EMBEDDER"
BATCH = 128
"""Texts at a time; sorted by length, so that hardly any of a batch is padding."""

Vectors = npt.NDArray[np.float32]


class Embedder:
    """Texts to unit vectors, float32 `[n, dimensions]`: their dot product is the cosine of their meanings."""

    def __init__(self, model: SentenceTransformer, id: str) -> None:
        self._model = model
        self.id = id
        """The model's name and the hash of its weights, such as `all-MiniLM-L6-v2@53aa51172d14`."""
        self.dimensions = int(model.encode([""], show_progress_bar=False).shape[1])

    @classmethod
    def open(cls, model: str | Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Self:
        """A folder or a hub id; None means NEURONKB_EMBEDDER, else the model that comes with the `embeddings` extra.

        The hub is not asked about a folder. Raises ModelError.
        """
        folder, name = locate(model if model is not None else environ.get(VARIABLE) or None)
        check(folder)
        return cls(_opened(folder), f"{name}@{fingerprint(folder)}")

    def embed(self, texts: Sequence[str], progress: Progress = silent, *, quick: bool = False) -> Vectors:
        """One unit vector a text, in order, float32 `[len(texts), dimensions]`.

        Equal texts are embedded once. Texts longer than the model reads are cut there. `quick` computes products in
        bfloat16 where the processor has them, which is for many single words: a vector's cosine to its usual one is
        then some 0.9999.
        """
        place: dict[str, int] = {}
        for text in texts:
            place.setdefault(text, len(place))
        distinct = list(place)
        found = np.empty((len(distinct), self.dimensions), np.float32)
        order = sorted(range(len(distinct)), key=lambda i: len(distinct[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            with _quick() if quick else nullcontext():
                found[rows] = self._batch([distinct[i] for i in rows])
            progress("embedding", start + len(rows), len(order))
        return found[[place[text] for text in texts]]

    def _batch(self, texts: list[str]) -> Vectors:
        vectors = self._model.encode(
            texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, np.float32)


def _quick() -> AbstractContextManager[Any]:
    """bfloat16 products, on processors that multiply them natively."""
    import torch

    from ..lm_head.precision import has_bf16

    cpu = torch.device("cpu")
    return torch.autocast("cpu", torch.bfloat16) if has_bf16(cpu) else nullcontext()


def _opened(folder: Path) -> SentenceTransformer:
    try:
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging as transformers_logging
    except ImportError:
        raise ModelError(f"embedding texts needs sentence-transformers: {PIP}") from None
    logging: Any = transformers_logging  # its functions carry no types
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    safe: dict[str, Any] = {"use_safetensors": True}
    try:
        return SentenceTransformer(
            str(folder), device="cpu", local_files_only=True, trust_remote_code=False, model_kwargs=safe
        )
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, SafetensorError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(f"{str(folder)!r} cannot be opened as an embedding model: {reason}") from error
    finally:
        if shown:
            logging.enable_progress_bar()
