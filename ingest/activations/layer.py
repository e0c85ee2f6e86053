"""Everything that is kept of one layer while the corpus goes by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch

from ...schema import ModelError
from ..team import Team
from .examples import Examples
from .histogram import Histogram, quantiles
from .moments import Moments
from .settings import BANDS, Settings
from .token_table import TokenTable


@dataclass(frozen=True)
class Batch:
    """Windows that go through the model together. Tensors on the model's device."""

    windows: torch.Tensor
    """int32 `[b]` numbers in the corpus, ascending"""
    documents: torch.Tensor
    """int32 `[b]`"""
    held: torch.Tensor
    """bool `[b]`: held out for scoring"""
    slots: torch.Tensor
    """int64 `[b, length]`: row of the token table, -1 for tokens it does not hold, BOS and held-out windows"""
    bos: bool
    """whether position 0 is BOS, which is left out of everything"""

    @cached_property
    def known(self) -> torch.Tensor:
        """int64 `[m]`: positions, windows end to end, whose token is in the token table."""
        return (self.slots.flatten() >= 0).nonzero()[:, 0]

    @cached_property
    def known_slots(self) -> torch.Tensor:
        """int64 `[m]`: their rows of the token table."""
        return self.slots.flatten()[self.known]


class Part:
    """Some neighbouring neurons of a layer: what one worker reduces. Its state is its part of the layer's."""

    def __init__(self, layer: Layer, columns: slice) -> None:
        self.columns = columns
        self.moments, self.histogram = layer.moments.part(columns), layer.histogram.part(columns)
        self.maxima = {pole: found.part(columns) for pole, found in layer.maxima.items()}
        self.top = {pole: found.part(columns) for pole, found in layer.top.items()}
        self.bands = {key: found.part(columns) for key, found in layer.bands.items()}
        self.table = layer.table.part(columns)

    def take(self, values: torch.Tensor, batch: Batch) -> None:
        """First pass: values `[b, length, n]` of a batch."""
        whole = _without_bos(values[:, :, self.columns], batch)
        flat, (low, high) = whole.view(-1, whole.shape[2]), _extremes(whole, batch)
        self.moments.take(flat, low, high)
        self.histogram.take(flat, len(whole) if batch.bos else 0)
        for pole, top in self.top.items():
            best = high if pole > 0 else -low
            self.maxima[pole].take(best)
            # Only a window where the neuron is on, on this pole, is an example of it.
            scores = best.masked_fill(batch.held[:, None] | (best <= 0), -torch.inf)
            top.offer(scores, batch.windows, batch.documents, whole)
        self.table.take(flat.index_select(0, batch.known), batch.known_slots)

    def draw(self, values: torch.Tensor, batch: Batch, pole: int, lots: torch.Tensor, limits: torch.Tensor) -> None:
        """Second pass: random windows of each band of a pole, from held-out windows `[b, length, n]`; `lots` `[b, n]`
        and `limits` `[n, bands + 1]` are of the whole layer."""
        whole = _without_bos(values[:, :, self.columns], batch)
        low, high = _extremes(whole, batch)
        best = high if pole > 0 else -low
        band = (best[:, :, None] > limits[self.columns]).sum(2) - 1
        for number in range(len(BANDS)):
            scores = lots[:, self.columns].masked_fill(band != number, -torch.inf)
            self.bands[pole, number].offer(scores, batch.windows, batch.documents, whole)


class Layer:
    """One layer's reductions over two passes: all windows; then the held-out ones, when the bands are known."""

    def __init__(
        self,
        layer: int,
        n: int,
        length: int,
        poles: tuple[int, ...],
        token_counts: torch.Tensor,
        settings: Settings,
        team: Team,
        device: torch.device,
    ) -> None:
        self.layer, self.poles, self.settings, self.device, self.team = layer, poles, settings, device, team
        self.moments = Moments(n, device)
        self.histogram = Histogram(n, device)
        self.maxima = {pole: Histogram(n, device) for pole in poles}
        """histograms of window maxima of pole x value"""
        self.top = {pole: Examples(n, settings.k, length, device) for pole in poles}
        self.token_counts = token_counts.to(device)
        """int64 `[t]`: times each token of the table was seen"""
        self.table = TokenTable(len(token_counts), n, device)
        bands = range(len(BANDS)) if settings.per_band else range(0)
        self.bands = {(pole, band): Examples(n, settings.per_band, length, device) for pole in poles for band in bands}
        self._bounds: dict[int, torch.Tensor] = {}
        width = -(-n // team.size)
        self._columns = [Part(self, slice(start, min(start + width, n))) for start in range(0, n, width)]

    def take(self, values: torch.Tensor, batch: Batch) -> None:
        """First pass: values `[b, length, n]` of a batch."""
        for _ in self.team.map(lambda part: part.take(values, batch), self._columns):
            pass
        self.moments.count += values.shape[0] * (values.shape[1] - int(batch.bos))
        self._check(batch)

    def draw(self, values: torch.Tensor, batch: Batch) -> None:
        """Second pass: random windows of each band, from held-out windows `[b, length, n]`."""
        for pole in self.poles:
            lots, limits = self._lots(batch.windows, pole, values.shape[2]), self._limits(pole)
            for _ in self.team.map(
                partial(Part.draw, values=values, batch=batch, pole=pole, lots=lots, limits=limits), self._columns
            ):
                pass

    def _lots(self, windows: torch.Tensor, pole: int, n: int) -> torch.Tensor:
        """Uniform numbers `[b, n]` that depend on window, layer, pole and seed alone, whatever the batches."""
        drawn = []
        for window in windows.tolist():
            entropy = (self.settings.seed, self.layer, 1 + pole, window)
            drawn.append(np.random.default_rng(entropy).random(n, np.float32))
        return torch.from_numpy(np.stack(drawn)).to(self.device)

    def _limits(self, pole: int) -> torch.Tensor:
        """Lower ends of the bands and the end of the last, float32 `[n, bands + 1]`."""
        if pole not in self._bounds:
            counts = self.maxima[pole].counts.cpu().numpy().astype(np.int64)
            low, high = (pole * end.cpu().double().numpy() for end in (self.moments.low, self.moments.high))
            at = (*(share for share, _ in BANDS[1:]), BANDS[-1][1])
            found = quantiles(counts, at, np.minimum(low, high), np.maximum(low, high))
            lowest = np.full((len(counts), 1), -np.inf)
            self._bounds[pole] = torch.from_numpy(np.concatenate([lowest, found], axis=1)).float().to(self.device)
        return self._bounds[pole]

    def _check(self, batch: Batch) -> None:
        bad = (~self.moments.sums[3].isfinite()).nonzero()[:, 0]
        if len(bad):
            first, last = int(batch.windows[0]), int(batch.windows[-1])
            raise ModelError(
                f"layer {self.layer}: neuron {int(bad[0])} has activations that are not finite in windows {first} to "
                f"{last} ({len(bad)} such neurons); run with --dtype float32, or the checkpoint is damaged"
            )

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {f"{name}.{key}": t for name, part in self._parts().items() for key, t in part.tensors().items()}

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        for name, part in self._parts().items():
            part.restore({key[len(name) + 1 :]: t for key, t in found.items() if key.startswith(f"{name}.")})

    def _parts(self) -> dict[str, Moments | Histogram | Examples | TokenTable]:
        parts: dict[str, Moments | Histogram | Examples | TokenTable] = {
            "moments": self.moments,
            "histogram": self.histogram,
            "table": self.table,
        }
        parts |= {f"maxima{pole}": found for pole, found in self.maxima.items()}
        parts |= {f"top{pole}": found for pole, found in self.top.items()}
        return parts | {f"band{pole}/{band}": found for (pole, band), found in self.bands.items()}


def _without_bos(values: torch.Tensor, batch: Batch) -> torch.Tensor:
    """A float32 copy, 0 at BOS."""
    whole = values.to(torch.float32, copy=True)
    if batch.bos:
        whole[:, 0] = 0.0
    return whole


def _extremes(whole: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Smallest and largest value of each window `[b, n]`, BOS left out."""
    counted = whole[:, 1:] if batch.bos else whole
    return counted.amin(1), counted.amax(1)  # aminmax in one is ten times slower on a CPU
