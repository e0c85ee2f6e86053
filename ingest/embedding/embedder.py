"""A sentence-embedding model, opened once and asked for many texts."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from ..progress import Progress, silent
from .bert import Bert
from .folder import check, fingerprint, locate

VARIABLE = "NEURONKB_EMBEDDER"

Vectors = npt.NDArray[np.float32]


class Encoder(Protocol):
    """What makes vectors of distinct texts: `bert.Bert`, or sentence-transformers for any other model."""

    @property
    def dimensions(self) -> int:
        """Numbers of a vector."""

    def encode(self, texts: Sequence[str], progress: Progress = silent, quick: bool = False) -> Vectors:
        """Unit vectors, float32 `[len(texts), dimensions]`."""


class Embedder:
    """Texts to unit vectors, float32 `[n, dimensions]`: their dot product is the cosine of their meanings."""

    def __init__(self, encoder: Encoder, id: str) -> None:
        self._encoder = encoder
        self.id = id
        """The model's name and the hash of its weights, such as `all-MiniLM-L6-v2@53aa51172d14`."""
        self.dimensions = encoder.dimensions

    @classmethod
    def open(cls, model: str | Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Self:
        """A folder or a hub id; None means NEURONKB_EMBEDDER, else the model that comes with the `embeddings` extra.

        The hub is not asked about a folder. Raises ModelError.
        """
        folder, name = locate(model if model is not None else environ.get(VARIABLE) or None)
        check(folder)
        return cls(Bert.read(folder) or _general(folder), f"{name}@{fingerprint(folder)}")

    def embed(self, texts: Sequence[str], progress: Progress = silent, *, quick: bool = False) -> Vectors:
        """One unit vector a text, in order, float32 `[len(texts), dimensions]`.

        Equal texts are embedded once. Texts longer than the model reads are cut there. `quick` computes products in
        bfloat16 where that was measured to be quicker, which is for many single words: a vector's cosine to its usual
        one is then above 0.9999.
        """
        place: dict[str, int] = {}
        for text in texts:
            place.setdefault(text, len(place))
        if not place:
            return np.empty((0, self.dimensions), np.float32)
        return self._encoder.encode(list(place), progress, quick)[[place[text] for text in texts]]


def _general(folder: Path) -> Encoder:
    from .general import SentenceTransformers

    return SentenceTransformers.read(folder)
