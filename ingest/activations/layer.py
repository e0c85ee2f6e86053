"""Everything that is kept of one layer while the corpus goes by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import torch

from ...schema import ModelError
from .examples import Examples
from .histogram import Histogram, quantiles
from .kernels import Bits, Ends
from .moments import Moments
from .reached import Reached
from .role_sums import RoleSums
from .settings import BANDS, Settings
from .signs import Codes, SignCounts
from .token_table import TokenTable

WIDTH = 1024
"""Neurons that a CPU's worker reduces at once: what it sums stays in its nearest cache."""

ByPole = dict[int, torch.Tensor]
Part = Moments | Histogram | Examples | TokenTable | SignCounts | RoleSums | Reached


@dataclass(frozen=True)
class Batch:
    """Windows that go through the model together. Tensors on the model's device."""

    windows: torch.Tensor
    """int32 `[b]` numbers in the corpus"""
    documents: torch.Tensor
    """int32 `[b]`"""
    held: torch.Tensor
    """bool `[b]`: held out for scoring"""
    slots: torch.Tensor
    """int64 `[b, length]`: row of the token table, -1 for tokens it does not hold, BOS, padding and held-out windows"""
    bos: bool
    """whether position 0 is BOS, which is left out of everything"""
    ends: Ends
    """int64 `[b]`, on the CPU: tokens of each window, BOS included; what stands behind them is padding"""
    roles: torch.Tensor | None = None
    """int64 `[b, length]`: number of the role of each token, -1 for none; None where they are not told apart"""

    @property
    def full(self) -> bool:
        """Whether nothing but BOS is left out."""
        return int(self.ends.min()) == self.slots.shape[1]

    @cached_property
    def count(self) -> int:
        """Positions that count: of all windows, without BOS and padding."""
        return int(self.ends.sum()) - int(self.bos) * len(self.ends)

    @cached_property
    def left_out(self) -> torch.Tensor | None:
        """bool `[b, length]`: BOS and padding; None where there is neither."""
        width = self.slots.shape[1]
        if self.count == self.slots.numel():
            return None
        place = torch.arange(width)
        outside = place >= torch.from_numpy(self.ends)[:, None]
        if self.bos:
            outside[:, 0] = True
        return outside.to(self.slots.device)

    @cached_property
    def known(self) -> torch.Tensor:
        """int64 `[m]`: positions, windows end to end, whose token is in the token table."""
        return (self.slots.flatten() >= 0).nonzero()[:, 0]

    @cached_property
    def known_slots(self) -> torch.Tensor:
        """int64 `[m]`: their rows of the token table."""
        return self.slots.flatten()[self.known]


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
        device: torch.device,
        gated: bool = False,
        roles: Mapping[str, int] | None = None,
        routed: bool = False,
    ) -> None:
        self.layer, self.poles, self.settings, self.device, self.gated = layer, poles, settings, device, gated
        self.moments = Moments(n, device)
        self.histogram = Histogram(n, device)
        self.maxima = {pole: Histogram(n, device) for pole in poles}
        """histograms of window maxima of pole x value"""
        self.signs = SignCounts(n, device) if gated else None
        self.top = {pole: Examples(n, settings.k, length, device, gated) for pole in poles}
        self.token_counts = token_counts.to(device, copy=True)
        """int64 `[t]`: times each token of the table was seen"""
        self.reached = Reached(self.token_counts) if routed else None
        """of a mixture: what counts which positions there were, and how often each token of the table came"""
        self.table = TokenTable(len(token_counts), n, device)
        self.role_counts = dict(roles or {})
        """tokens of each role, in the order of their numbers"""
        self.roles = RoleSums(len(self.role_counts), n, device) if roles else None
        bands = range(len(BANDS)) if settings.per_band else range(0)
        self.bands = {
            (pole, band): Examples(n, settings.per_band, length, device, gated) for pole in poles for band in bands
        }
        self._bounds: dict[int, torch.Tensor] = {}
        self._columns = [slice(start, min(start + WIDTH, n)) for start in range(0, n, WIDTH)]

    def tasks(
        self, values: torch.Tensor, codes: torch.Tensor | None, batch: Batch, drawing: bool = False
    ) -> list[Callable[[], None]]:
        """What is to be done with a batch's values `[b, length, n]` and, where there is a gate, codes of their signs,
        in any order or side by side: on a CPU some neurons each. The first pass takes all windows; the second,
        `drawing`, draws from held-out ones.

        `counted` follows when they are done.
        """
        signs = None if codes is None else codes.numpy() if self.device.type == "cpu" else None
        if not drawing:
            if self.device.type != "cpu":
                return [partial(self._take_all, values, codes, batch)]
            return [partial(self._take_some, Bits.of(values), signs, batch, columns) for columns in self._columns]
        lots = {pole: self._lots(batch.windows, pole, values.shape[2]) for pole in self.poles}
        limits = {pole: self._limits(pole) for pole in self.poles}
        if self.device.type != "cpu":
            return [partial(self._draw_all, values, codes, batch, lots, limits)]
        bits = Bits.of(values)
        return [partial(self._draw_some, bits, signs, batch, lots, limits, columns) for columns in self._columns]

    def passed(self, positions: int) -> None:
        """So many positions went by, whether they reach this expert or not."""
        assert self.reached is not None
        self.reached.positions += positions

    def take_routed(self, values: torch.Tensor, batch: Batch) -> None:
        """Add values float32 `[b, length, n]` of the tokens that reach this expert. Raises ModelError where one is not
        finite."""
        assert self.reached is not None
        self._take_all(values, None, batch)
        self.reached.tokens += torch.bincount(batch.known_slots, minlength=len(self.reached.tokens))
        self.counted(batch)

    def counted(self, batch: Batch) -> None:
        """A batch of the first pass is in. Raises ModelError where an activation was not finite."""
        self.moments.count += batch.count
        bad = (~self.moments.sums[3].isfinite()).nonzero()[:, 0]
        if len(bad):
            first, last = int(batch.windows.min()), int(batch.windows.max())
            raise ModelError(
                f"layer {self.layer}: neuron {int(bad[0])} has activations that are not finite in windows {first} to "
                f"{last} ({len(bad)} such neurons); run with --dtype float32, or the checkpoint is damaged"
            )

    def _take_all(self, values: torch.Tensor, codes: torch.Tensor | None, batch: Batch) -> None:
        whole, codes = _counted(values, batch), _counted_codes(codes, batch)
        flat, (low, high) = whole.view(-1, whole.shape[2]), _extremes(whole, batch)
        self.moments.take(flat, low, high)
        self.histogram.take(flat, len(flat) - batch.count)
        for pole, top in self.top.items():
            best = high if pole > 0 else -low
            self.maxima[pole].take(best)
            top.offer(_eligible(best, batch), batch.windows, batch.documents, whole, codes)
        if self.signs is not None and codes is not None:
            self.signs.take(codes)
        self.table.take(flat.index_select(0, batch.known), batch.known_slots)
        if self.roles is not None and batch.roles is not None:
            self.roles.take(flat, batch.roles.flatten())

    def _take_some(self, values: Bits, codes: Codes | None, batch: Batch, columns: slice) -> None:
        first = int(batch.bos)
        low, high = values.extremes(columns, first, batch.ends)
        self.moments.add(values, columns, first, batch.ends, low, high)
        self.histogram.add(values, columns, first, batch.ends)
        for pole, top in self.top.items():
            best = high if pole > 0 else -low
            self.maxima[pole].add_maxima(best, columns)
            of = (batch.windows, batch.documents, values, codes, columns, first, batch.ends)
            top.insert(_eligible(best, batch), *of)
        if self.signs is not None and codes is not None:
            self.signs.add(codes, columns, first, batch.ends)
        self.table.add(values, columns, batch.slots)
        if self.roles is not None and batch.roles is not None:
            self.roles.add(values, columns, batch.roles)

    def _draw_all(
        self, values: torch.Tensor, codes: torch.Tensor | None, batch: Batch, lots: ByPole, limits: ByPole
    ) -> None:
        whole, codes = _counted(values, batch), _counted_codes(codes, batch)
        low, high = _extremes(whole, batch)
        for pole in self.poles:
            band = _band(high if pole > 0 else -low, limits[pole])
            for number in range(len(BANDS)):
                scores = lots[pole].masked_fill(band != number, -torch.inf)
                self.bands[pole, number].offer(scores, batch.windows, batch.documents, whole, codes)

    def _draw_some(
        self, values: Bits, codes: Codes | None, batch: Batch, lots: ByPole, limits: ByPole, columns: slice
    ) -> None:
        first = int(batch.bos)
        low, high = values.extremes(columns, first, batch.ends)
        of = (batch.windows, batch.documents, values, codes, columns, first, batch.ends)
        for pole in self.poles:
            band = _band(high if pole > 0 else -low, limits[pole][columns])
            for number in range(len(BANDS)):
                scores = lots[pole][:, columns].masked_fill(band != number, -torch.inf)
                self.bands[pole, number].insert(scores, *of)

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

    def tensors(self) -> dict[str, torch.Tensor]:
        """The state, for a file."""
        return {f"{name}.{key}": t for name, part in self._parts().items() for key, t in part.tensors().items()}

    def restore(self, found: dict[str, torch.Tensor]) -> None:
        """Go on from a state."""
        for name, part in self._parts().items():
            part.restore({key[len(name) + 1 :]: t for key, t in found.items() if key.startswith(f"{name}.")})

    def _parts(self) -> dict[str, Part]:
        parts: dict[str, Part] = {
            "moments": self.moments,
            "histogram": self.histogram,
            "table": self.table,
        }
        if self.signs is not None:
            parts["signs"] = self.signs
        if self.roles is not None:
            parts["roles"] = self.roles
        if self.reached is not None:
            parts["reached"] = self.reached
        parts |= {f"maxima{pole}": found for pole, found in self.maxima.items()}
        parts |= {f"top{pole}": found for pole, found in self.top.items()}
        return parts | {f"band{pole}/{band}": found for (pole, band), found in self.bands.items()}


def _eligible(best: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Scores `[b, n]`: only a window where the neuron is on, on this pole, is an example of it."""
    return best.masked_fill(batch.held[:, None] | (best <= 0), -torch.inf)


def _band(best: torch.Tensor, limits: torch.Tensor) -> torch.Tensor:
    """Number of the band of each window's best value `[b, n]`; -1 and above BANDS' for none of them."""
    return (best[:, :, None] > limits).sum(2) - 1


def _counted(values: torch.Tensor, batch: Batch) -> torch.Tensor:
    """A float32 copy, 0 at BOS and in the padding."""
    whole = values.to(torch.float32, copy=True)
    if batch.left_out is not None:
        whole.masked_fill_(batch.left_out[:, :, None], 0.0)
    return whole


def _counted_codes(codes: torch.Tensor | None, batch: Batch) -> torch.Tensor | None:
    """The same codes, 0 at BOS and in the padding: they are the pass's own."""
    if codes is not None and batch.left_out is not None:
        codes.masked_fill_(batch.left_out[:, :, None], 0)
    return codes


def _extremes(whole: torch.Tensor, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Smallest and largest value of each window `[b, n]`, BOS and padding left out."""
    if batch.full:
        counted = whole[:, 1:] if batch.bos else whole
        return counted.amin(1), counted.amax(1)  # aminmax in one is ten times slower on a CPU
    outside = batch.left_out[:, :, None] if batch.left_out is not None else None
    assert outside is not None
    return whole.masked_fill(outside, torch.inf).amin(1), whole.masked_fill(outside, -torch.inf).amax(1)
