"""How far every neuron's values go, either way: what the clamps are multiples of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ...schema import ModelError
from ..progress import Progress, silent
from ..subject.hooks import Values
from ..subject.live import LiveModel

Floats = npt.NDArray[np.float64]
LENGTH = 64
"""Tokens read of each text."""


@dataclass(frozen=True)
class Ranges:
    """Smallest and largest value of every neuron, by layer and site."""

    ends: Mapping[tuple[int, str], tuple[Floats, Floats]]
    """(layer, site) -> (smallest, largest), each float64 `[d_mlp]`"""

    @classmethod
    def measure(
        cls,
        live: LiveModel,
        texts: Sequence[str],
        layers: Collection[int],
        progress: Progress = silent,
    ) -> Ranges:
        """Over the first tokens of some texts, control tokens such as BOS left out.

        Raises ModelError when no token is left, or a value is no number.
        """
        special, sites = set(live.tokenizer.all_special_ids), live.blocks[0].sites
        found: dict[tuple[int, str], tuple[torch.Tensor, torch.Tensor]] = {}
        for number, text in enumerate(texts):
            ids = live.tokenizer(text, truncation=True, max_length=LENGTH).input_ids
            counted = torch.tensor([token not in special for token in ids])
            progress("measuring ranges", number, len(texts))
            if not counted.any():
                continue

            def visit(layer: int, site: str, values: Values, counted: torch.Tensor = counted) -> None:
                part = values[0, counted.to(values.device)]
                low, high = part.amin(0), part.amax(0)
                if (layer, site) in found:
                    low, high = torch.minimum(found[layer, site][0], low), torch.maximum(found[layer, site][1], high)
                found[layer, site] = low, high

            live.read(torch.tensor([ids]), visit, layers=sorted(layers), sites=sites)
        progress("measuring ranges", len(texts), len(texts))
        if not found:
            raise ModelError("none of the texts that ranges are measured on has a token; give some text")
        ends = {place: (_numbers(low, place), _numbers(high, place)) for place, (low, high) in found.items()}
        return cls(ends)

    def replaced(self, hidden: Mapping[int, tuple[Floats, Floats]]) -> Ranges:
        """With the hidden values' ends, by layer, taken from elsewhere."""
        return Ranges({**self.ends, **{(layer, "hidden"): ends for layer, ends in hidden.items()}})

    def most(self, layer: int, site: str, pole: int) -> Floats:
        """Largest pole x value `[d_mlp]`; 0 or less where the pole was never seen."""
        low, high = self.ends[layer, site]
        return high if pole > 0 else -low


def _numbers(values: torch.Tensor, place: tuple[int, str]) -> Floats:
    if not values.isfinite().all():
        raise ModelError(f"layer {place[0]}: a value at the site {place[1]!r} is no number; the weights are damaged")
    found: Floats = values.double().cpu().numpy()
    return found
