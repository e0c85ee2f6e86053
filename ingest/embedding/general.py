"""Any sentence-embedding model, through sentence-transformers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from ...schema import ModelError
from ..progress import Progress, silent
from .bert import WIDTH
from .folder import PIP

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH = 128
"""Texts at a time; sorted by length, so that hardly any of a batch is padding."""

Vectors = npt.NDArray[np.float32]


class SentenceTransformers:
    """A model of whatever kind that sentence-transformers loads."""

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model
        self.dimensions = int(model.encode([""], show_progress_bar=False).shape[1])

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The model in a folder. Raises ModelError."""
        return cls(_opened(folder))

    def encode(self, texts: Sequence[str], progress: Progress = silent, quick: bool = False) -> Vectors:
        """As `embedder.Encoder.encode`."""
        import torch

        from .. import products

        found = np.empty((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        faster = quick and products.quick_bf16(torch.device("cpu"), WIDTH)
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            with torch.autocast("cpu", torch.bfloat16) if faster else nullcontext():
                found[rows] = self._batch([texts[i] for i in rows])
            progress("embedding", start + len(rows), len(order))
        return found

    def _batch(self, texts: list[str]) -> Vectors:
        vectors = self._model.encode(
            texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(vectors, np.float32)


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
