"""One layer of a base against the same layer of its fine-tune, from the whole matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...schema import MlpId
from ..links.compare import jaccard, row_cosines
from ..links.decoded import Tops, tops, translated
from .measure import Measure
from .noise import noise_floor
from .stored import DRAWS, LEVEL
from .verdict import Match

if TYPE_CHECKING:
    import torch

    from ..links.job import Rows
    from ..links.pair import Pair
    from ..subject.layer_weights import LayerWeights


@dataclass(frozen=True)
class Layer:
    """A layer of both models: rows, decoded tokens, and what chance would bring."""

    pair: Pair
    base: LayerWeights
    tuned: LayerWeights
    before: Tops
    """the base's decoded tokens"""
    after: Tops
    """the fine-tune's, as the base's token numbers"""
    seed: int = 0

    @classmethod
    def read(cls, pair: Pair, decoded: Rows, layer: int, seed: int = 0) -> Layer:
        """Read a layer of both models and its decoded tokens. Raises ModelError, LinkError."""
        base, tuned = pair.layer(layer)
        width = len(base.rows["down"])
        sides = [
            tops(decoded(side.run, MlpId(layer), width), width, f"layer {layer} of run {side.run}")
            for side in (pair.base, pair.tuned)
        ]
        if pair.shared is not None:
            sides[1] = {key: translated(found, pair.shared) for key, found in sides[1].items()}
        return cls(pair, base, tuned, sides[0], sides[1], seed)

    def structure(self, index: int, other: int) -> tuple[Measure, ...]:
        """Base neuron `index` against neuron `other` of the fine-tune: rows and tokens of each projection."""
        found = []
        for projection in self.base.rows:
            one, two = (side.rows[projection] for side in (self.base, self.tuned))
            cosines, _ = row_cosines(one[index : index + 1], two[other : other + 1])
            row = Measure("rows", projection, float(cosines[0]), null=self.null_cosine[projection])
            found += [row, self._tokens(projection, index, other, row.outcome != "gone")]
        return tuple(found)

    def nearest(self, index: int) -> Match:
        """The fine-tune's neuron whose rows are nearest to those of base neuron `index`, beside the null: of the one in
        its place and those that are nearer to it than to the base's neuron of their own index."""
        scores = sum(unit(self.base.rows[p][index : index + 1]) @ self._units[p].T for p in self._units)
        assert not isinstance(scores, int)
        mean = scores[0] / len(self._units)
        successor = mean > self._own
        successor[index] = True
        best = int(mean.where(successor, -2.0).argmax())
        return Match(best, float(mean[best]), self._null_match, own=float(self._own[best]))

    @cached_property
    def null_cosine(self) -> dict[str, float]:
        """Cosine that the best of the layer reaches with a row drawn at random, by projection."""
        return {p: float(np.quantile(draws.max(axis=1), LEVEL)) for p, draws in self._draws.items()}

    @cached_property
    def _null_match(self) -> float:
        mean = sum(self._draws.values()) / len(self._draws)
        return float(np.asarray(mean).max())

    @cached_property
    def _units(self) -> dict[str, torch.Tensor]:
        return {p: unit(rows) for p, rows in self.tuned.rows.items()}

    @cached_property
    def _own(self) -> torch.Tensor:
        """Mean cosine of each neuron's rows in both models."""
        each = [(unit(self.base.rows[p]) * units).sum(1) for p, units in self._units.items()]
        return sum(each[1:], each[0]) / len(each)

    @cached_property
    def _draws(self) -> dict[str, NDArray[np.float32]]:
        """Cosines `[draws, d_mlp]` of neurons drawn at random with the layer's own."""
        import torch

        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.base.layer)
        n = len(next(iter(self._units.values())))
        mix = torch.randn(DRAWS, n, generator=generator)
        return {p: (mixtures(units, mix) @ units.T).numpy() for p, units in self._units.items()}

    def _tokens(self, projection: str, index: int, other: int, noise: bool) -> Measure:
        """Mean Jaccard index of both poles. The null are the layer's other neurons; the noise, where it is asked for,
        is as long as the change."""
        poles = (1, -1)
        own = [self.before[projection, pole][index : index + 1] for pole in poles]
        all_after = [self.after[projection, pole] for pole in poles]
        many = sum(
            jaccard(np.repeat(one, len(two), axis=0), two) for one, two in zip(own, all_after, strict=True)
        ) / len(poles)
        scores = np.asarray(many)
        others = np.delete(scores, other)
        null = float(np.quantile(others, LEVEL)) if len(others) else 0.0
        floor = (
            noise_floor(self.pair, self.base, self.tuned, projection, index, other, own, self.seed) if noise else None
        )
        return Measure("tokens", projection, float(scores[other]), null=null, noise=floor)


def unit(rows: torch.Tensor) -> torch.Tensor:
    """Rows of length 1, float32; a zero row stays."""
    import torch

    wide = rows.to(torch.float32)
    found: torch.Tensor = wide / wide.norm(dim=1, keepdim=True).clamp_min(torch.finfo(torch.float32).tiny)
    return found


def mixtures(units: torch.Tensor, mix: torch.Tensor) -> torch.Tensor:
    """Random rows `[draws, d]` of length 1 with the mean and the covariance of the layer's `[n, d]`.

    Each is their mean plus a Gaussian mixture of all of their deviations, `mix` `[draws, n]`, so that it is near no
    single one: strangers that share what all rows of the layer have in common.
    """
    mean = units.mean(dim=0, keepdim=True)
    return unit(mean + mix @ (units - mean) / len(units) ** 0.5)
