"""The windows that a neuron's side is explained from, that its explanation is chosen on, and that its scores are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ..n2g.engine import Target

Floats = npt.NDArray[np.float64]
Split = Literal["choose", "report"]
SPLITS: tuple[Split, ...] = ("choose", "report")
Part = Literal["top", "random", "active", "silent"]
PARTS: tuple[Part, ...] = ("top", "random", "active", "silent")


@dataclass(frozen=True)
class Passage:
    """One window and what one side does on it. BOS is left out."""

    tokens: tuple[str, ...]
    values: Floats
    """the side's activation at each token: max(0, pole x hidden value) in a gated model, else the hidden value"""
    ids: tuple[int, ...] = ()
    """token numbers, where the model is to read them again"""
    document: str = ""

    @property
    def text(self) -> str:
        """Its tokens as one text."""
        return "".join(self.tokens)


@dataclass(frozen=True)
class Material:
    """All windows of one side. No document is in two of shown, choose and report."""

    target: Target
    maximum: float
    """largest activation in the documents that are not held out; 0 for a side that was never above 0"""
    mean: float
    """of the activation over the held-out windows that were looked through"""
    shown: tuple[Passage, ...]
    """strongest windows of documents that are not held out, strongest first"""
    windows: Mapping[tuple[Split, Part], tuple[Passage, ...]]

    def top_and_random(self, split: Split) -> tuple[Passage, ...]:
        """OpenAI's first protocol: strongest windows, then random ones."""
        return self.windows[split, "top"] + self.windows[split, "random"]

    @property
    def dead(self) -> bool:
        """Nothing to explain, or nothing to score on."""
        return self.maximum <= 0 or not self.shown or not self.windows["report", "top"]


def truth(passages: Sequence[Passage]) -> Floats:
    """Activations of all tokens of all windows together."""
    return np.concatenate([p.values for p in passages]) if passages else np.zeros(0)


def levels(values: Floats, maximum: float) -> npt.NDArray[np.int64]:
    """Activations as whole numbers 0 to 10 of the maximum: min(10, floor(10 max(0, a) / maximum))."""
    if maximum <= 0:
        return np.zeros(len(values), np.int64)
    return np.minimum(10, np.floor(10 * np.maximum(values, 0) / maximum)).astype(np.int64)
