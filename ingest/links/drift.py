"""What a fine-tune's neurons do beside their base's on the same text: correlations, in one pass of both models."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from ...schema import POLES
from ..progress import Progress
from ..similar.aligned import SharedText
from ..similar.captured import padded
from ..subject.hooks import Values
from ..subject.live import LiveModel

BATCH = 8
"""Passages run at a time. What the base does on them, in every layer, is held until the fine-tune has read them."""
STILL = 1e-12
"""A variance below this share of the mean square is rounding: the neuron stands still."""
SIGNS = (0, *POLES)
"""The whole value, then what of it is on each pole."""


@dataclass(frozen=True)
class Drift:
    """Pearson correlations of hidden values, base and fine-tune, over the places at which both read the same.

    The null pairs every neuron of the base with another neuron of the fine-tune's layer, each once: on the same text
    these share what the text and the layer have in common. Sums are float64; they are streamed, so memory does not
    grow with the text.
    """

    text: SharedText
    load: Callable[[], tuple[LiveModel, LiveModel]]
    """base and fine-tune, when they are needed"""
    seed: int = 0

    def measure(self, layers: Collection[int], progress: Progress) -> dict[int, dict[str, pa.Array]]:
        """Properties of COUNTERPART, float64 `[d_mlp]` each, by layer: `activation_r`, the same by pole, `null_r`, and
        `activation_se`. Null where a neuron stands still."""
        base, tuned = self.load()
        sums = {layer: _Sums(base.d_mlp, _another(base.d_mlp, self.seed, layer)) for layer in sorted(layers)}
        passages = self.text.passages
        for first in range(0, len(passages), BATCH):
            progress("reading the text with both models", first, len(passages))
            held: dict[int, torch.Tensor] = {}
            half = int(2 * first >= len(passages))
            self._read(base, first, 0, sums, held.__setitem__)
            self._read(tuned, first, 1, sums, partial(_add, sums, half, held))
        progress("reading the text with both models", len(passages), len(passages))
        return {layer: found.measures() for layer, found in sums.items()}

    def _read(
        self,
        live: LiveModel,
        first: int,
        side: int,
        layers: Collection[int],
        told: Callable[[int, torch.Tensor], None],
    ) -> None:
        ids, mask, rows, places = padded(self.text.passages[first : first + BATCH], side)

        def visit(layer: int, site: str, values: Values) -> None:
            told(layer, values[rows.to(values.device), places.to(values.device)].double().cpu())

        live.read(ids, visit, layers=layers, attention_mask=mask.to(live.device))


def _add(sums: Mapping[int, _Sums], half: int, held: dict[int, torch.Tensor], layer: int, tuned: torch.Tensor) -> None:
    sums[layer].add(half, held.pop(layer), tuned)


class _Sums:
    """Of one layer: by half of the text, sign and neuron."""

    def __init__(self, n: int, other: NDArray[np.intp]) -> None:
        self._other = other
        self._count = np.zeros(2)
        self._sums = np.zeros((2, len(SIGNS), 6, n))
        """sums of x, y, x^2, y^2, xy, and x times the other neuron's y"""

    def add(self, half: int, base: torch.Tensor, tuned: torch.Tensor) -> None:
        """Add float64 `[places, n]` of the same places in both models."""
        self._count[half] += len(base)
        for number, sign in enumerate(SIGNS):
            x, y = (values if sign == 0 else (sign * values).clamp(min=0) for values in (base, tuned))
            products = x, y, x * x, y * y, x * y, x * y[:, self._other]
            self._sums[half, number] += torch.stack([values.sum(0) for values in products]).numpy()

    def measures(self) -> dict[str, pa.Array]:
        """As `Drift.measure` says."""
        whole = self._sums.sum(0)
        count = float(self._count.sum())
        found = {"activation_r": _pearson(count, whole[0])}
        found |= {f"activation_r_{pole}": _pearson(count, whole[SIGNS.index(sign)]) for sign, pole in POLES.items()}
        found["null_r"] = _pearson(count, self._with_another(whole[0]))
        halves = [_pearson(float(n), sums[0]) for n, sums in zip(self._count, self._sums, strict=True)]
        found["activation_se"] = np.abs(halves[0] - halves[1]) / 2
        return {name: pa.array(values, pa.float64(), from_pandas=True) for name, values in found.items()}

    def _with_another(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y, xx, yy, _, cross = sums
        return np.stack([x, y[self._other], xx, yy[self._other], cross])


def _pearson(count: float, sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """From sums of x, y, x^2, y^2, xy; NaN where one of the two stands still."""
    x, y, xx, yy, xy = sums[:5]
    with np.errstate(invalid="ignore", divide="ignore"):
        one, two = xx - x * x / count, yy - y * y / count
        r = (xy - x * y / count) / np.sqrt(one * two)
    still = ~((one > STILL * xx) & (two > STILL * yy))
    return np.where(still, np.nan, np.clip(r, -1, 1))


def _another(n: int, seed: int, layer: int) -> NDArray[np.intp]:
    """For each neuron another one, each once: a random cycle through all."""
    order = np.random.default_rng([seed, layer]).permutation(n)
    other = np.empty(n, np.intp)
    other[order] = np.roll(order, 1)
    return other
