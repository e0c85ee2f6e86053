"""The embedding score: is an explanation nearer in meaning to windows on which the neuron is active?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .formulas import auroc
from .judge import Example
from .records import Score


class Embeds(Protocol):
    """A sentence-embedding model."""

    id: str

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit vectors, `[n_texts, dimensions]`."""


def embedding_score(
    embedder: Embeds, text: str, other: str | None, shown: Sequence[Example], seed: int, pole: int
) -> Score:
    """AUROC of the cosine between an explanation and windows, active against silent; `other` is another neuron's
    explanation."""
    vectors = embedder.embed([text, other or text, *(example.text for example in shown)]).astype(np.float64)
    active = np.array([example.active for example in shown], bool)
    value, null = (auroc(active, vectors[2:] @ vectors[i]) for i in (0, 1))
    return Score(
        "embedding",
        "auroc",
        value,
        None if other is None else null,
        len(shown),
        0 if value is not None else len(shown),
        "active-and-silent",
        embedder.id,
        seed,
        positives=int(active.sum()),
        pole=pole,
    )
