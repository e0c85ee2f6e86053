"""The best match of every neuron of one model, collected layer by layer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from .claims import claims
from .measure import MatchedModel
from .search import Nearest


@dataclass
class Firsts:
    """Best match, its score and the controls' best of each neuron of a side. What was not noted yet has score NaN."""

    side: MatchedModel
    place: torch.Tensor
    """int64 `[layers x width]`: layer x width + index in the other model, -1 for none"""
    score: torch.Tensor
    """float64 `[layers x width]`: -inf where nothing is like the neuron at all"""
    null: torch.Tensor
    """float64 `[draws, layers x width]`"""

    @classmethod
    def empty(cls, side: MatchedModel, draws: int) -> Firsts:
        """Nothing noted yet."""
        n = side.layers * side.width
        blank = torch.full((draws, n), torch.nan, dtype=torch.float64)
        return cls(side, torch.full((n,), -1), torch.full((n,), torch.nan, dtype=torch.float64), blank)

    def note(self, layer: int, found: Nearest, width: int) -> None:
        """The matches of one layer; `width` is the other model's."""
        part = self._part(layer)
        self.place[part] = torch.where(found.layers[:, 0] < 0, -1, found.layers[:, 0] * width + found.indices[:, 0])
        self.score[part] = torch.where(found.layers[:, 0] < 0, -torch.inf, found.scores[:, 0])
        self.null[:, part] = found.null

    @property
    def known(self) -> list[int]:
        """Layers that were noted."""
        return [layer for layer in range(self.side.layers) if not bool(self.score[self._part(layer)].isnan().any())]

    def claims(self, layer: int | None = None) -> dict[str, Any]:
        """What stands out from the control, in one layer or in all; empty where nothing matched at all."""
        part = slice(None) if layer is None else self._part(layer)
        score, null = self.score[part].numpy(), self.null[:, part].numpy()
        alive = np.isfinite(score)
        return asdict(claims(score[alive], null[:, alive])) if alive.any() else {}

    def above(self, excess: float, layer: int | None = None) -> float:
        """Share of the neurons whose best score exceeds their (first) control's by more than that."""
        part = slice(None) if layer is None else self._part(layer)
        return float((self.score[part] - self.null[0, part] > excess).double().mean())

    def same_index(self, layer: int | None = None) -> float:
        """Share of the neurons whose best match has their own layer and index."""
        part = slice(None) if layer is None else self._part(layer)
        own = torch.arange(len(self.place))[part]
        return float((self.place[part] == own).double().mean())

    def mutual(self, other: Firsts, layer: int | None = None) -> float:
        """Share of the neurons that are the best match of their own best match."""
        part = slice(None) if layer is None else self._part(layer)
        place, own = self.place[part], torch.arange(len(self.place))[part]
        back = torch.where(place >= 0, other.place[place.clamp(min=0)], -2)
        return float((back == own).double().mean())

    def tensors(self, prefix: str) -> dict[str, torch.Tensor]:
        """For a file."""
        return {f"{prefix}place": self.place, f"{prefix}score": self.score, f"{prefix}null": self.null}

    def restore(self, found: dict[str, torch.Tensor], prefix: str) -> None:
        """From a file."""
        self.place, self.score, self.null = (found[f"{prefix}{name}"] for name in ("place", "score", "null"))

    def _part(self, layer: int) -> slice:
        return slice(layer * self.side.width, (layer + 1) * self.side.width)
